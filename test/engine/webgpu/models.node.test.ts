// @needs browser
import { afterAll, beforeAll, expect, it } from "vitest";
import { expectVectorsAlike } from "./alike.js";
import { GpuPage } from "./gpu-page.js";
import type * as inPage from "./in-page.js";
import { difference } from "./training-loop.js";

type Calls = Omit<typeof inPage, "lowrank">;
type Compared = Awaited<ReturnType<Calls["compareModels"]>>;

let page: GpuPage;
let compared: Compared;
beforeAll(async () => {
  page = await GpuPage.open();
  // One pair of engines for all: most of the time goes into compiling shaders.
  compared = await page.call<Compared>("compareModels", ["bert", "modernbert", "deberta-v2"]);
});
afterAll(() => page?.close());

it("encodes texts with models of files on a GPU as on WASM, adapters in one batch, and frees everything", async () => {
  const { gpu, wasm } = compared;
  expectVectorsAlike(gpu.vectors, wasm.vectors);
  expect(wasm.vectors["bert f32"]).not.toEqual(wasm.vectors["bert f32, adapter and none in turn"]);
});

it.each([
  ["a DeBERTa, whose tables of distances have gradients,", "deberta"],
  ["DoRA, whose magnitudes begin with the base's norms,", "dora"],
] as const)("trains %s on a GPU as on WASM", (_, which) => {
  const [gpu, wasm] = [compared.gpu[which], compared.wasm[which]];
  for (const name of ["losses", "norms", "during"])
    expect(difference(wasm[name]!, gpu[name]!), name).toBeLessThan(1e-6);
  // Measured on SwiftShader: 1.2e-6 of logits, which are small differences here.
  for (const name of ["before", "after"]) expect(difference(wasm[name]!, gpu[name]!), name).toBeLessThan(5e-6);
  expect(gpu["reopened"]).toEqual(gpu["before"]);
  expect(gpu["bytesLeft"]).toEqual([0]);
});

it("trains, measures, saves, resumes and cancels a classifier on a GPU as on WASM", () => {
  const [gpu, wasm] = [compared.gpu.trained, compared.wasm.trained];
  // Measured on SwiftShader: 9e-8 of the largest number; 1e-5 of logits, which are small differences here.
  for (const name of ["losses", "norms", "measured"] as const)
    expect(difference(wasm[name], gpu[name]), name).toBeLessThan(1e-6);
  for (const name of ["logits", "afterwards"] as const)
    expect(difference(wasm[name], gpu[name]), name).toBeLessThan(5e-5);
  for (const trained of [gpu, wasm]) {
    expect(trained.reopened).toEqual(trained.logits);
    // Two runs of the same steps: the same bits.
    expect(trained.resumed).toEqual(trained.losses.slice(-2));
    expect(trained.done).toBe(2);
    expect(trained.errors).toEqual({
      cancelled: expect.stringMatching(/^AbortError/),
      diverged: expect.stringMatching(/^NonFiniteError: fit: training diverged: the loss is (Infinity|NaN)/),
    });
    expect(trained.unchanged).toBe(true);
    expect(trained.bytesLeft).toBe(0);
  }
  expect(gpu.best).toBe(wasm.best);

  // Two steps after one another, without a measurement or a checkpoint between them: two numbers come back, once a step.
  const step = (name: string) => gpu.counted[1]![name]! - gpu.counted[0]![name]!;
  expect(step("bytesRead")).toBe(8);
  expect(step("dispatches")).toBeLessThanOrEqual(131);
  // With its uploads of ids, offsets, plans and targets, each in order with what uses it, and its one read.
  expect(step("submissions")).toBe(1);
});
