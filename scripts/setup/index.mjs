import { availableParallelism } from "node:os";
import { canInstall } from "./debian.mjs";
import { seconds, step } from "./report.mjs";
import { firefox, webkit } from "./steps/browsers.mjs";
import { cargo } from "./steps/cargo.mjs";
import { chromium } from "./steps/chromium.mjs";
import { clippy } from "./steps/clippy.mjs";
import { dist, distOf, scripts, types } from "./steps/dist.mjs";
import { documents } from "./steps/documents.mjs";
import { flower } from "./steps/flower.mjs";
import { kernelInterface } from "./steps/kernel-interface.mjs";
import { languageModel, model, modelForStart } from "./steps/model.mjs";
import { moto } from "./steps/moto.mjs";
import { nodeModules } from "./steps/node-modules.mjs";
import { openaiClient } from "./steps/openai-client.mjs";
import { packages } from "./steps/packages.mjs";
import { rustTarget } from "./steps/rust-target.mjs";
import { runtimes } from "./steps/runtimes.mjs";
import { servers } from "./steps/servers.mjs";
import { studio } from "./steps/studio.mjs";
import { wasmBuild, wasmCrate } from "./steps/wasm-build.mjs";
import { wasmBindgenStep, wasmPackStep } from "./steps/wasm-tools.mjs";
import { variants } from "../wasm/variants.mjs";

const all = Object.keys(variants);

/**
 * A step of the set-up. Steps run beside each other where they do not need one another, the earlier of a list first.
 * @typedef {object} Step
 * @property {string} title what it does, for the screen
 * @property {string} [makes] what it brings; several steps may bring one thing together
 * @property {readonly string[]} [after] what must be there before: it waits for the steps of its list that make that
 * @property {"processor" | "network"} [uses] what it is waited for, the processor by default
 * @property {number} [seconds] about how long it takes on two cores
 * @property {() => boolean} needed
 * @property {() => unknown} run
 */

/** How many steps of a kind run at once. A compiler uses two cores for a part of its time only. */
const room = { processor: Math.max(2, availableParallelism() >> 1), network: 4 };

/** What the chosen builds of the kernels need, in order: the longest chain first. */
function kernels(chosen, tools) {
  return [
    cargo,
    rustTarget(chosen),
    nodeModules,
    kernelInterface,
    ...tools,
    ...chosen.map((variant) => wasmCrate(variant, chosen)),
    ...chosen.map(wasmBuild),
  ];
}

/** What the chosen builds of the kernels need. */
export const stepsForKernels = (chosen = all) => kernels(chosen, [wasmBindgenStep, wasmPackStep]);

/** What the packages need that are published, but for the Studio. */
export const stepsForDist = [...stepsForKernels(), types, dist, ...packages];

/** What is published: the package and those beside it. */
export const stepsForPackage = [...stepsForDist, studio, ...documents];

/**
 * What `npm start` needs: the one build that it runs here, unless options of the job ask for another. Where wasm-pack is missing, a build
 * is made by the same steps without it, to the same bytes.
 */
export function stepsForStart(options = []) {
  const free = options.some((option) => /^--(build|threads|revectorize)\b/.test(option));
  if (free) return [...kernels(all, [wasmBindgenStep]), types, dist, model];
  const chosen = [availableParallelism() > 1 ? "relaxed-threads" : "relaxed"];
  return [...kernels(chosen, [wasmBindgenStep]), scripts(chosen), distOf(chosen), modelForStart];
}

/** What every test needs: without wasm-pack, as for `npm start`. */
const tested = [...kernels(all, [wasmBindgenStep]), types, dist, ...packages, studio, model, languageModel];

/** What `npm test` needs: no more than the user may install. Its tests in a browser need Chromium, which is installed if that is possible. */
export function stepsForTests() {
  return [...tested, ...(canInstall() ? [chromium] : [])];
}

/** What `npm run test:all` needs: wasm-pack, servers, and two more browsers if they can be installed. */
export function stepsForAllTests() {
  const browsers = canInstall() ? [firefox, webkit] : [];
  return [...tested, wasmPackStep, clippy, chromium, servers, ...browsers, flower, moto, openaiClient];
}

/** What `npm test -w @lowrank/queue` and `@lowrank/flower` need. */
export const stepsForQueue = [...stepsForDist, servers, moto];
export const stepsForFlower = [...stepsForDist, chromium, flower];

/** What `npm run test:runtimes` needs. */
export const stepsForRuntimes = [...stepsForDist, model, languageModel, chromium, firefox, webkit, flower, runtimes];

/**
 * Runs the steps that are needed, after saying which they are and how long they may take; says so if none is. Steps leave nothing half
 * done: interrupted, they start over.
 * @param {readonly Step[]} steps
 */
export async function setUp(steps) {
  const start = performance.now();
  const wanted = steps.filter(({ needed }) => needed());
  if (wanted.length > 0) console.log(foretold(wanted));
  const ran = await runSteps(steps);
  const took = seconds(start);
  console.log(ran === 0 ? `▸ set-up: nothing to do (${took})` : `▸ set-up: complete (${took})`);
}

/** The steps of a list that one waits for. */
const before = (steps, { after = [] }) => steps.filter(({ makes }) => makes !== undefined && after.includes(makes));

/**
 * Runs each step once what it waits for is there and there is room for it; returns how many were needed. If one fails, no further one
 * begins, and the running ones end, so that no process goes on after the error is shown.
 * @param {readonly Step[]} steps
 */
export async function runSteps(steps) {
  const waiting = new Set(steps);
  const running = new Map();
  const done = new Set();
  const failures = [];
  let ran = 0;
  const isFree = (kind) => [...running.keys()].filter(({ uses = "processor" }) => uses === kind).length < room[kind];
  const isReady = (one) => before(steps, one).every((other) => done.has(other)) && isFree(one.uses ?? "processor");
  while (waiting.size > 0 || running.size > 0) {
    const next = failures.length === 0 ? [...waiting].find(isReady) : undefined;
    if (next !== undefined) {
      waiting.delete(next);
      // Asked here: a step may bring what another lacked.
      const isNeeded = next.needed();
      if (isNeeded) ran += 1;
      const work = isNeeded ? step(next.title, next.run) : Promise.resolve();
      const end = () => (running.delete(next), done.add(next));
      running.set(
        next,
        work.then(end, (error) => (failures.push(error), end())),
      );
    } else if (running.size > 0) await Promise.race(running.values());
    else break;
  }
  if (failures.length > 0) throw failures[0];
  if (waiting.size > 0) throw new Error(`steps wait for one another: ${[...waiting].map(({ title }) => title)}`);
  return ran;
}

/** What is about to happen, and about how long it takes on two cores. */
function foretold(wanted) {
  const total = secondsOf(wanted);
  const time = total < 60 ? "less than a minute" : `about ${Math.ceil(total / 60)} minutes`;
  return `▸ set-up, ${time}: ${wanted.map(({ title }) => title).join(", ")}`;
}

/** The longest chain of steps, or what the processor has to do, whichever is longer. */
function secondsOf(steps) {
  const of = (list) => list.reduce((sum, { seconds = 0 }) => sum + seconds, 0);
  const chain = (one) => (one.seconds ?? 0) + Math.max(0, ...before(steps, one).map(chain));
  const compiled = of(steps.filter(({ uses = "processor" }) => uses === "processor"));
  return Math.max(...steps.map(chain), compiled / 1.5);
}
