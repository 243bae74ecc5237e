// @needs browser
// @rest shaders
import { afterAll, beforeAll, expect, it } from "vitest";
import { GpuPage } from "./gpu-page.js";
import { difference } from "./training-loop.js";
import type { compareJobs } from "./whole-runs.js";

// The tasks that whole-runs leaves out, on whole runs of a few steps.

let page: GpuPage;
beforeAll(async () => void (page = await GpuPage.open()));
afterAll(() => page?.close());

it("trains every other task on a GPU as on WebAssembly", { timeout: 600_000 }, async () => {
  const names = ["dora", "head only", "few-shot", "multi-label", "regress", "tokens", "pairs", "rank", "text"];
  for (const name of names) {
    const found = await page.call<Awaited<ReturnType<typeof compareJobs>>>("compareJobs", [name]);
    const { gpu, wasm } = found[name]!;
    expect(gpu.engine, name).toEqual({
      ...wasm.engine,
      device: "webgpu",
      tile: "64×64",
      gpu: expect.stringMatching(/software adapter/),
    });
    expect(difference([...wasm.losses, ...wasm.metrics], [...gpu.losses, ...gpu.metrics]), name).toBeLessThan(1e-5);
    expect(gpu.files, name).toEqual(wasm.files);
  }
});
