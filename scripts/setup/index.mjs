import { availableParallelism } from "node:os";
import { canInstall } from "./debian.mjs";
import { step } from "./report.mjs";
import { firefox, webkit } from "./steps/browsers.mjs";
import { cargo } from "./steps/cargo.mjs";
import { chromium } from "./steps/chromium.mjs";
import { clippy } from "./steps/clippy.mjs";
import { dist } from "./steps/dist.mjs";
import { flower } from "./steps/flower.mjs";
import { languageModel, model } from "./steps/model.mjs";
import { moto } from "./steps/moto.mjs";
import { nodeModules } from "./steps/node-modules.mjs";
import { rustTarget } from "./steps/rust-target.mjs";
import { runtimes } from "./steps/runtimes.mjs";
import { servers } from "./steps/servers.mjs";
import { studio } from "./steps/studio.mjs";
import { wasmBuild } from "./steps/wasm-build.mjs";
import { wasmBindgenStep, wasmPackStep } from "./steps/wasm-tools.mjs";
import { variants } from "../wasm/variants.mjs";

/** What the chosen builds of the kernels need, in order. */
export function stepsForKernels(chosen = Object.keys(variants)) {
  return [nodeModules, cargo, rustTarget(chosen), wasmBindgenStep, wasmPackStep, ...chosen.map(wasmBuild)];
}

/** What the package needs that is published. */
export const stepsForDist = [...stepsForKernels(), dist()];

/** What is published: the package with the Studio in it. */
export const stepsForPackage = [...stepsForDist, studio];

/**
 * What `npm start` needs: the one build that it runs here, unless options of the job ask for another. Where wasm-pack is missing, it is
 * made by the same steps without it.
 */
export function stepsForStart(options = []) {
  const free = options.some((option) => /^--(build|threads|revectorize)\b/.test(option));
  const chosen = free ? undefined : [availableParallelism() > 1 ? "relaxed-threads" : "relaxed"];
  const kernels = stepsForKernels(chosen).filter((step) => step !== wasmPackStep);
  return [...kernels, dist(chosen), model];
}

/** What `npm test` needs: no more than the user may install. Its tests in a browser need Chromium, which is installed if that is possible. */
export function stepsForTests() {
  return [...stepsForPackage, model, languageModel, ...(canInstall() ? [chromium] : [])];
}

/** What `npm run test:all` needs: servers, and two more browsers if they can be installed. */
export function stepsForAllTests() {
  const inAll = [clippy, chromium, servers, moto, flower, ...(canInstall() ? [firefox, webkit] : [])];
  return [...stepsForPackage, model, languageModel, ...inAll];
}

/** What `npm run test:runtimes` needs. */
export const stepsForRuntimes = [...stepsForDist, model, languageModel, chromium, firefox, webkit, flower, runtimes];

/**
 * Runs the steps that are needed, after saying which they are and how long they may take; says so where none is. Steps
 * leave nothing half done: interrupted, they start over.
 */
export async function setUp(steps) {
  const start = performance.now();
  const wanted = steps.filter(({ needed }) => needed());
  if (wanted.length > 0) console.log(foretold(wanted));
  let ran = 0;
  for (const { title, needed, run } of steps) {
    // Asked again: a step may bring what another lacked.
    if (!needed()) continue;
    ran += 1;
    await step(title, run);
  }
  const took = ((performance.now() - start) / 1000).toFixed(1);
  console.log(ran === 0 ? `▸ set-up: nothing to do (${took} s)` : `▸ set-up: complete (${took} s)`);
}

/** What is about to happen, and the time that two cores took for it. */
function foretold(steps) {
  const total = steps.reduce((sum, { seconds = 0 }) => sum + seconds, 0);
  const time = total < 60 ? "less than a minute" : `about ${Math.ceil(total / 60)} minutes`;
  return `▸ set-up, ${time}: ${steps.map(({ title }) => title).join(", ")}`;
}
