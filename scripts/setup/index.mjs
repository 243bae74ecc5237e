import { availableParallelism } from "node:os";
import { canInstall } from "./debian.mjs";
import { seconds, step } from "./report.mjs";
import { firefox, webkit } from "./steps/browsers.mjs";
import { cargo } from "./steps/cargo.mjs";
import { chromium } from "./steps/chromium.mjs";
import { clippy } from "./steps/clippy.mjs";
import { dist } from "./steps/dist.mjs";
import { documents } from "./steps/documents.mjs";
import { flower } from "./steps/flower.mjs";
import { kernelInterface } from "./steps/kernel-interface.mjs";
import { languageModel, model } from "./steps/model.mjs";
import { moto } from "./steps/moto.mjs";
import { nodeModules } from "./steps/node-modules.mjs";
import { openaiClient } from "./steps/openai-client.mjs";
import { packages } from "./steps/packages.mjs";
import { rustTarget } from "./steps/rust-target.mjs";
import { runtimes } from "./steps/runtimes.mjs";
import { servers } from "./steps/servers.mjs";
import { studio } from "./steps/studio.mjs";
import { wasmBuild } from "./steps/wasm-build.mjs";
import { wasmBindgenStep, wasmPackStep } from "./steps/wasm-tools.mjs";
import { variants } from "../wasm/variants.mjs";

const all = Object.keys(variants);

/** Lists of steps that run beside each other, as one step. */
function beside(...lanes) {
  return { lanes: lanes.filter((lane) => lane.length > 0) };
}

/** What must be there before anything is compiled. */
const compilers = (chosen) => [nodeModules, cargo, rustTarget(chosen)];

/** The chosen builds of the kernels. Much of a build is one thread's work, so two run beside each other. */
function kernels(chosen) {
  const half = Math.ceil(chosen.length / 2);
  const builds = [chosen.slice(0, half), chosen.slice(half)].map((names) => names.map(wasmBuild));
  return [kernelInterface, wasmBindgenStep, wasmPackStep, beside(...builds)];
}

/** What the chosen builds of the kernels need, in order. */
export function stepsForKernels(chosen = all) {
  return [...compilers(chosen), ...kernels(chosen)];
}

/** What the packages need that are published, but for the Studio. */
export const stepsForDist = [...stepsForKernels(), dist(), ...packages];

/** What is published: the package and those beside it. */
export const stepsForPackage = [...stepsForDist, studio, ...documents];

/**
 * What `npm start` needs: the one build that it runs here, unless options of the job ask for another. Where wasm-pack is missing, it is
 * made by the same steps without it.
 */
export function stepsForStart(options = []) {
  const free = options.some((option) => /^--(build|threads|revectorize)\b/.test(option));
  const chosen = free ? all : [availableParallelism() > 1 ? "relaxed-threads" : "relaxed"];
  const builds = stepsForKernels(chosen).filter((step) => step !== wasmPackStep);
  return [...builds, dist(free ? undefined : chosen), model];
}

/** The package and, meanwhile, what is installed and not compiled; then the models, which the package's own loader fetches. */
function stepsWith(installed) {
  return [...compilers(all), beside([...kernels(all), dist(), ...packages, studio], installed), model, languageModel];
}

/** What `npm test` needs: no more than the user may install. Its tests in a browser need Chromium, which is installed if that is possible. */
export function stepsForTests() {
  return stepsWith(canInstall() ? [chromium] : []);
}

/** What `npm run test:all` needs: servers, and two more browsers if they can be installed. */
export function stepsForAllTests() {
  return stepsWith([clippy, chromium, servers, ...(canInstall() ? [firefox, webkit] : []), moto, flower, openaiClient]);
}

/** What `npm test -w @lowrank/queue` and `@lowrank/flower` need. */
export const stepsForQueue = [...stepsForDist, servers, moto];
export const stepsForFlower = [...stepsForDist, chromium, flower];

/** What `npm run test:runtimes` needs. */
export const stepsForRuntimes = [...stepsForDist, model, languageModel, chromium, firefox, webkit, flower, runtimes];

/**
 * Runs the steps that are needed, after saying which they are and how long they may take; says so if none is. Steps
 * leave nothing half done: interrupted, they start over.
 */
export async function setUp(steps) {
  const start = performance.now();
  const wanted = steps.flatMap(singly).filter(({ needed }) => needed());
  if (wanted.length > 0) console.log(foretold(steps, wanted));
  const ran = await runSteps(steps, { failed: false });
  const took = seconds(start);
  console.log(ran === 0 ? `▸ set-up: nothing to do (${took})` : `▸ set-up: complete (${took})`);
}

const singly = (step) => step.lanes?.flat().flatMap(singly) ?? [step];

/** Runs steps in order and returns how many were needed. If one fails in another lane, no further one begins. */
async function runSteps(steps, state) {
  let ran = 0;
  for (const { title, needed, run, lanes } of steps) {
    if (state.failed) break;
    if (lanes !== undefined) ran += await runLanes(lanes, state);
    // Asked again: a step may bring what another lacked.
    else if (needed()) {
      ran += 1;
      await step(title, run);
    }
  }
  return ran;
}

/** Lanes end together, so that no process goes on after an error is shown. */
async function runLanes(lanes, state) {
  const ended = await Promise.allSettled(
    lanes.map((lane) =>
      runSteps(lane, state).catch((error) => {
        state.failed = true;
        throw error;
      }),
    ),
  );
  const failure = ended.find(({ status }) => status === "rejected");
  if (failure !== undefined) throw failure.reason;
  return ended.reduce((sum, { value }) => sum + value, 0);
}

/** What is about to happen, and about how long it takes on two cores. */
function foretold(steps, wanted) {
  const total = secondsOf(steps, wanted);
  const time = total < 60 ? "less than a minute" : `about ${Math.ceil(total / 60)} minutes`;
  return `▸ set-up, ${time}: ${wanted.map(({ title }) => title).join(", ")}`;
}

/** Of lanes, the longest counts. */
function secondsOf(steps, wanted) {
  const takes = (step) =>
    step.lanes === undefined
      ? wanted.includes(step)
        ? (step.seconds ?? 0)
        : 0
      : Math.max(...step.lanes.map((lane) => secondsOf(lane, wanted)));
  return steps.reduce((sum, step) => sum + takes(step), 0);
}
