// @needs browser
import { afterAll, beforeAll, expect, it } from "vitest";
import { expectGeneratedAlike } from "./alike.js";
import { GpuPage } from "./gpu-page.js";
import type * as inPage from "./in-page.js";
import { difference } from "./training-loop.js";

type Calls = Omit<typeof inPage, "lowrank">;
type Compared = Awaited<ReturnType<Calls["compareLanguage"]>>;

let page: GpuPage;
let compared: Compared;
beforeAll(async () => {
  page = await GpuPage.open();
  // One pair of engines for all: most of the time goes into compiling shaders.
  compared = await page.call<Compared>("compareLanguage", [["llama"], ["f32", "q8"]]);
});
afterAll(() => page?.close());

it("computes logits, perplexity and scores of language models on a GPU as on WASM, and generates the same tokens", () => {
  expectGeneratedAlike({ gpu: compared.gpu.generated, wasm: compared.wasm.generated });

  // What decides speed: a token of three layers, and the logits of one row that come back.
  const { counted } = compared.gpu.generated.found["llama f32"]!;
  const token = (i: number, name: string) => counted[i]![name]! - counted[i - 1]![name]!;
  expect(token(3, "bytesRead")).toBe(4 * 320);
  for (const name of ["dispatches", "submissions", "bytesUploaded", "bytesRead"])
    expect(token(2, name), name).toBe(token(3, name));
  expect(token(3, "dispatches")).toBeLessThanOrEqual(46);
  expect(token(3, "submissions")).toBe(1);
  expect(token(3, "bytesUploaded")).toBeLessThanOrEqual(424);
});

it("generates with keys and values in 16 bits on a GPU as on WASM", () => {
  const [gpu, wasm] = [compared.gpu.halves, compared.wasm.halves];
  expect(gpu.ids).toHaveLength(20);
  expect(gpu.ids).toEqual(wasm.ids);
  // Measured on SwiftShader: 3.2e-7 of the largest number.
  expect(difference(wasm.logs, gpu.logs)).toBeLessThan(2e-6);
  expect([gpu.bytesLeft, wasm.bytesLeft]).toEqual([0, 0]);
  // They are written and read where they are: no dispatch more than in float32.
  const { counted } = compared.gpu.generated.found["llama f32"]!;
  expect(gpu.dispatches[3]! - gpu.dispatches[2]!).toBe(counted[3]!["dispatches"]! - counted[2]!["dispatches"]!);
});

it("trains an adapter of a language model on a GPU as on WASM, and resumes and saves it", () => {
  const [gpu, wasm] = [compared.gpu.trained, compared.wasm.trained];
  // Measured on SwiftShader: 2e-7 of the largest number.
  for (const name of ["losses", "norms", "measured"] as const)
    expect(difference(wasm[name], gpu[name]), name).toBeLessThan(2e-6);
  expect(gpu.texts).toEqual(wasm.texts);
  expect(gpu.served).toEqual(wasm.served);
  expect(gpu.served.map(({ length }) => length)).toEqual([2, 2, 0]);
  for (const trained of [gpu, wasm]) {
    expect(trained.losses.at(-1)).toBeLessThan(trained.losses[0]!);
    expect(trained.reopened).toBe(trained.loss);
    // From the checkpoint after three steps: the same bits.
    expect(trained.resumed).toEqual(trained.losses);
    expect(trained.bytesLeft).toBe(0);
  }
  const step = (i: number, name: string) => gpu.counted[i]![name]! - gpu.counted[i - 1]![name]!;
  expect(step(1, "bytesRead")).toBe(8);
  expect(step(2, "dispatches")).toBe(step(1, "dispatches"));
  expect(step(1, "dispatches")).toBeLessThanOrEqual(337);
  // At 256 dispatches, while later ones are encoded, and at its end.
  expect(step(1, "submissions")).toBe(2);
});

it("refuses by name what language models cannot do on a GPU, and frees everything", () => {
  const isUnsupported = (what: string) => expect.stringMatching(`^UnsupportedError: .*${what}`);
  const readsAtOnce = expect.stringMatching(/^ConfigError: values of an engine with device "webgpu" are read async/);
  expect(compared.refused).toEqual({
    qwen3_5: isUnsupported('there is no GPU kernel "gated_delta'),
    olmoe: isUnsupported("layers with experts do not run"),
    preferences: isUnsupported("losses of preferences do not run"),
    PiSSA: readsAtOnce,
    merging: readsAtOnce,
    "bytes left": "0",
  });
});
