// @needs browser
import { afterAll, beforeAll, expect, it } from "vitest";
import { GpuPage } from "./gpu-page.js";
import type * as wholeRuns from "./whole-runs.js";
import { difference } from "./training-loop.js";

let page: GpuPage;
beforeAll(async () => {
  page = await GpuPage.open();
});
afterAll(() => page?.close());

it("trains a classifier on a GPU as on WebAssembly, and continues there from its checkpoint when the device is lost", async () => {
  const { gpu, wasm } = await page.call<Awaited<ReturnType<typeof wholeRuns.loseDeviceInJob>>>("loseDeviceInJob");
  expect(gpu.told).toEqual([
    "ready on google after null",
    expect.stringMatching(/^fallback to wasm: the GPU failed, so the run continues .*: webgpu: the device was lost/),
    "ready on WebAssembly after 25",
  ]);
  expect(wasm.told).toEqual(["ready on WebAssembly after null"]);
  // Measured on SwiftShader: 4e-7 of the largest loss.
  expect(difference(wasm.losses, gpu.losses)).toBeLessThan(1e-5);
  expect(difference(wasm.metrics, gpu.metrics)).toBeLessThan(1e-5);
  expect(gpu.losses).not.toEqual(wasm.losses);
  expect(gpu.files).toEqual(wasm.files);
  expect(gpu.engine).toEqual(wasm.engine);
});
