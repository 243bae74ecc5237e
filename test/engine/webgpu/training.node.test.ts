// @needs browser
import { afterAll, beforeAll, expect, it } from "vitest";
import type * as inPage from "./in-page.js";
import { difference } from "./training-loop.js";
import { GpuPage } from "./gpu-page.js";

type Calls = Omit<typeof inPage, "lowrank">;
type Result<Name extends keyof Calls> = Awaited<ReturnType<Calls[Name]>>;

let page: GpuPage;
beforeAll(async () => void (page = await GpuPage.open()));
afterAll(() => page?.close());

it("trains LoRA layers on a GPU as on WASM, with the same bits each time, and refuses what it cannot do", async () => {
  const { gpu, wasm, sameBits, counted, lora, refused } = await page.call<Result<"compareTraining">>("compareTraining");
  // Measured on SwiftShader: 1.3e-7, 7e-8, 1.1e-6 and 1.7e-6 of the largest number.
  expect(difference(wasm.losses, gpu.losses)).toBeLessThan(1e-6);
  expect(difference(wasm.norms, gpu.norms)).toBeLessThan(1e-6);
  wasm.gradients.forEach((expected, i) => expect(difference(expected, gpu.gradients[i]!)).toBeLessThan(5e-6));
  wasm.parameters.forEach((expected, i) => expect(difference(expected, gpu.parameters[i]!)).toBeLessThan(5e-6));
  expect(gpu.losses.at(-1)).toBeLessThan(gpu.losses[0]!);
  expect(sameBits).toBe(true);

  // What decides speed: the second step differs from the third in nothing, and reads two numbers, the loss and the norm.
  const step = (i: number, name: string) => counted[i]![name]! - counted[i - 1]![name]!;
  for (const name of ["dispatches", "submissions", "bytesUploaded", "bytesRead"])
    expect(step(1, name)).toBe(step(2, name));
  expect(step(1, "bytesRead")).toBe(8);
  expect(step(1, "dispatches")).toBeLessThanOrEqual(47);
  // A layer with LoRA, and one with it on query, key and value: x·A of each, and what is added as a part of the product.
  expect(lora).toEqual([
    { forward: 2, backward: 4 },
    { forward: 4, backward: 10 },
  ]);
  // The batch and its targets.
  expect(step(1, "bytesUploaded")).toBe(4 * (37 * 70 + 37));

  const synchronous =
    'ConfigError: values of an engine with device "webgpu" are read asynchronously: `await graph.read(id)`, `await graph.readGrad(id)`';
  expect(refused).toMatchObject({ value: synchronous, view: synchronous, grad: synchronous });
  expect(refused["clipGradNorm"]).toMatch(/^ConfigError: .*await clipGradNormLater/);
  expect(refused).toMatchObject({ "a variable that an optimizer has changed": synchronous, state: synchronous });
  expect(refused).toMatchObject({
    "a variable that has not changed": "1,2,3,4,5,6",
    "read again": "true",
  });
  expect(refused["an op without a kernel"]).toMatch(
    /^UnsupportedError: webgpu: there is no GPU kernel "sin_forward" yet/,
  );
  expect(refused).toMatchObject({ afterwards: "1,2,3,4,5,6", "read before dispose": "1,2,3,4,5,6", freed: "true" });
});

it("trains an encoder of two layers on a ragged batch as on WASM", async () => {
  const { gpu, wasm } = await page.call<Result<"compareEncoders">>("compareEncoders");
  // Measured on SwiftShader: 1.2e-7, 1.5e-7, 6e-7 and 1e-6 of the largest number.
  expect(difference(wasm.losses, gpu.losses)).toBeLessThan(1e-6);
  expect(difference(wasm.norms, gpu.norms)).toBeLessThan(2e-6);
  // Of the largest gradient: those of a head's bias cancel.
  expect(difference(wasm.gradients.flat(), gpu.gradients.flat())).toBeLessThan(5e-6);
  wasm.parameters.forEach((expected, i) => expect(difference(expected, gpu.parameters[i]!)).toBeLessThan(5e-6));
  expect(gpu.losses.at(-1)).toBeLessThan(gpu.losses[0]!);
});

it("goes on from the last checkpoint when a device is lost, on another one and on WASM", async () => {
  const { errors, undisturbed, onNewDevice, onWasm } = await page.call<Result<"loseDevice">>("loseDevice");
  const lost = "EngineError device lost";
  expect(errors).toEqual({
    "the loss of the step": lost,
    "the next step": lost,
    "an update": lost,
    saving: lost,
    "a new variable": lost,
    "disposing of everything": "none",
    "closing the engine": "none",
  });
  // The same bits as if nothing had happened.
  expect(onNewDevice).toEqual(undisturbed);
  expect(difference(undisturbed, onWasm)).toBeLessThan(1e-6);
  expect(undisturbed.at(-1)).toBeLessThan(undisturbed[0]!);
});

it("names what fails: memory, the device, its driver; and leaves the rest as it was", async () => {
  const errors = await page.call<Result<"failures">>("failures");
  expect(errors).toMatchObject({
    "more memory than the maximum": expect.stringMatching(/^MEMORY /),
    "after it": "1,2",
    "a read in progress of an engine that is closed": expect.stringMatching(/^ENGINE disposed: /),
    unheard: "",
    "an adapter without a device": expect.stringMatching(/^UNSUPPORTED : init: the adapter gives no device/),
    "a read in progress of a lost device": expect.stringMatching(/^ENGINE device lost: webgpu: the device was lost/),
    "a call to a lost device": expect.stringMatching(/^ENGINE device lost: /),
    "a driver that multiplies wrongly": expect.stringMatching(
      /^UNSUPPORTED : init: this GPU's driver computes wrongly/,
    ),
    "a shader that is refused": expect.stringMatching(/^ENGINE validation: webgpu: validation error of the GPU/),
    "features where subgroups add wrongly": "",
    // SwiftShader has them.
    features: "subgroups",
    "no adapter": expect.stringMatching(/^UNSUPPORTED : init: this machine has no adapter for WebGPU/),
    "auto without an adapter": "undefined",
    "auto with a software adapter": "undefined",
  });
});
