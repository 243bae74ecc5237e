import { step } from "./report.mjs";
import { cargo } from "./steps/cargo.mjs";
import { chromium } from "./steps/chromium.mjs";
import { clippy } from "./steps/clippy.mjs";
import { dist } from "./steps/dist.mjs";
import { model } from "./steps/model.mjs";
import { nodeModules } from "./steps/node-modules.mjs";
import { rustTarget } from "./steps/rust-target.mjs";
import { wasmBuild } from "./steps/wasm-build.mjs";
import { wasmTools } from "./steps/wasm-tools.mjs";
import { variants } from "../wasm/variants.mjs";

/** What the chosen builds of the kernels need, in order. */
export function stepsForKernels(chosen = Object.keys(variants)) {
  return [nodeModules, cargo, rustTarget(chosen), wasmTools(chosen), ...chosen.map(wasmBuild)];
}

/** What the package needs that is published. */
export const stepsForDist = [...stepsForKernels(), dist];

/** What `npm start` needs. */
export const stepsForStart = [...stepsForDist, model];

/** What `npm test` needs. */
export const stepsForTests = [...stepsForStart, clippy, chromium];

/** Runs the steps that are needed; says so where none is. Steps leave nothing half done: interrupted, they start over. */
export async function setUp(steps) {
  const start = performance.now();
  let ran = 0;
  for (const { title, needed, run } of steps) {
    if (!needed()) continue;
    ran += 1;
    await step(title, run);
  }
  const took = ((performance.now() - start) / 1000).toFixed(1);
  console.log(ran === 0 ? `▸ set-up: nothing to do (${took} s)` : `▸ set-up: complete (${took} s)`);
}
