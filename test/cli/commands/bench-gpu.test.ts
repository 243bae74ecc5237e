// @needs browser
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { adapterLines, type GpuReport, gpuRows } from "../../../ts/cli/timing/gpu-timing.js";
import { noDriver, softwareDriver } from "../../engine/webgpu/software-driver.js";
import { program } from "../process.js";

const args = [program, "bench", "--device", "webgpu", "--seconds", "0.001", "--threads", "1", "--json"];
const bench = (driver: Record<string, string>) =>
  promisify(execFile)(process.execPath, args, { env: { ...process.env, ...driver } });

it("times the GPU beside WebAssembly, compares their results, and says that a software adapter is none", async () => {
  const report = JSON.parse((await bench(softwareDriver())).stdout) as GpuReport;
  const { adapter, timings, omitted, wasm } = report;
  expect(adapter).toMatchObject({ vendor: "google", architecture: "swiftshader", software: true });
  expect(adapter.limits["maxComputeInvocationsPerWorkgroup"]).toBeGreaterThanOrEqual(256);
  expect(adapter.features).toEqual([...adapter.features].sort());
  expect(adapter.features).toContain("subgroups");
  expect(wasm.threads).toBe(1);
  expect(timings.map(({ work, shape }) => `${work} ${shape}`)).toEqual(
    expect.arrayContaining(["A·B 128×128×128", "LoRA step 4×8×8×2"]),
  );
  // What takes a software adapter seconds is named, and not run.
  expect(omitted).toEqual(
    expect.arrayContaining(["A·B 512×512×512", expect.stringMatching(/^generation SmolLM2-135M/)]),
  );
  for (const { gpu, wasm, ratio, difference } of timings) {
    // Relaxed builds fuse what SwiftShader rounds, so products differ in their last bits.
    expect(difference).toBeLessThan(2e-6);
    expect(ratio).toBe(wasm.fastest / gpu.fastest);
    expect(gpu.median).toBeGreaterThanOrEqual(gpu.fastest);
  }
  expect(adapterLines(adapter)).toEqual([
    expect.stringMatching(/^GPU adapter: google, swiftshader, SwiftShader driver/),
    "software adapter: these times say nothing about a GPU",
  ]);
  expect(adapterLines({ ...adapter, software: false })).toHaveLength(1);
  expect(gpuRows(report)[0]).toEqual([
    "A·B",
    "128×128×128",
    expect.stringMatching(/ (µs|ms|s)$/),
    expect.stringMatching(/^[\d.e-]+ GFLOP\/s$/),
    expect.stringMatching(/ (µs|ms|s)$/),
    expect.stringMatching(/^[\d.e-]+ GFLOP\/s$/),
    expect.stringMatching(/^[\d.e-]+ ×$/),
    expect.stringMatching(/e-\d+$/),
  ]);
});

it("says what is missing where there is no adapter", async () => {
  await expect(bench(noDriver)).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining("error: init: this machine has no adapter for WebGPU"),
  });
});
