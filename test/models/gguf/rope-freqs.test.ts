import { describe, expect, it } from "vitest";
import {
  bytesSource,
  CausalLanguageModel,
  ggufSource,
  ModelError,
  openGguf,
  openSafetensors,
} from "../../../ts/index.js";
import type { Json } from "../../../ts/io/json.js";
import { readRequiredJson } from "../../../ts/io/model-source.js";
import { modelToWrite } from "../../../ts/models/gguf/writing/model.js";
import { goldenBytes, goldenJson } from "../../golden.js";
import { largestError } from "../../ops/compare.js";
import { written } from "./writing/written-model.js";

interface Golden {
  readonly ids: number[];
  readonly cases: readonly { factors: number[]; linear: number | null; logits: number[] }[];
}

const { ids, cases } = await goldenJson<Golden>("gguf/rope-freqs.json");
type Config = { readonly [key: string]: Json };

/** The golden Llama as a GGUF file with such factors of its frequencies, and a linear scaling where one is given. */
async function scaled(factors: readonly number[], linear: number | null): Promise<Uint8Array> {
  const config = await goldenJson<Config>("gguf/models/llama.json");
  const file = await openSafetensors(bytesSource(await goldenBytes("gguf/models/llama.safetensors")));
  const model = await modelToWrite({
    name: "llama",
    config,
    file,
    tokenizer: null,
    changes: new Map(),
    type: "auto" as const,
  });
  const metadata = new Map(model.metadata);
  if (linear !== null) {
    metadata.set("llama.rope.scaling.type", "linear");
    metadata.set("llama.rope.scaling.factor", { float32: linear });
  }
  const bytes = new Uint8Array(Float32Array.from(factors).buffer);
  const tensors = model.tensors.map((tensor) =>
    tensor.name === "rope_freqs.weight"
      ? { ...tensor, shape: [factors.length], bytes: async function* () { yield bytes; } } // prettier-ignore
      : tensor,
  );
  return written({ ...model, metadata, tensors });
}

const sourceOf = (bytes: Uint8Array) => ggufSource(() => bytesSource(bytes), "llama");

describe.each(cases)("rope_freqs.weight $factors, linear $linear", ({ factors, linear, logits }) => {
  it("divides the frequencies", async () => {
    using model = await CausalLanguageModel.load(await sourceOf(await scaled(factors, linear)), { weights: "f32" });
    const { data } = await model.logits(ids);
    expect(largestError(data, Float32Array.from(logits))).toBeLessThan(1e-5);
  });

  it("is written again, with nothing lost", async () => {
    const bytes = await scaled(factors, linear);
    const config = await readRequiredJson(await sourceOf(bytes), "config.json");
    const file = await openSafetensors(bytesSource(await goldenBytes("gguf/models/llama.safetensors")));
    const again = await written(
      await modelToWrite({
        name: "llama",
        config,
        file,
        tokenizer: null,
        changes: new Map(),
        type: "auto" as const,
      }),
    );
    const stored = await (await openGguf(bytesSource(again))).tensor("rope_freqs.weight");
    const expected = factors.map((factor) => factor * (linear ?? 1));
    stored.data.forEach((value, i) => expect(value / expected[i]!).toBeCloseTo(1, 6));
    const [one, other] = await Promise.all(
      [bytes, again].map(async (made) => {
        using model = await CausalLanguageModel.load(await sourceOf(made), { weights: "f32" });
        return (await model.logits(ids)).data;
      }),
    );
    expect(largestError(other!, one!)).toBeLessThan(1e-6);
  });
});

it("factors of 1 change nothing", async () => {
  const config = await readRequiredJson(await sourceOf(await scaled([1, 1, 1, 1], null)), "config.json");
  expect(config["rope_scaling"]).toBe(undefined);
});

it.each<[string, number[], RegExp]>([
  ["a zero", [1, 0, 1, 1], /rope_freqs\.weight: a number above 0 for each of 4 rotary frequencies is expected, got 0/],
  ["a negative one", [1, 1, -2, 1], /got -2 among them/],
  ["NaN", [NaN, 1, 1, 1], /got NaN among them/],
  ["infinity", [1, 1, 1, Infinity], /got Infinity among them/],
  ["too few", [1, 2], /got 2 numbers/],
])("%s is refused by the tensor's name", async (_, factors, message) => {
  const bytes = await scaled(factors, null);
  await expect(sourceOf(bytes)).rejects.toThrow(ModelError);
  await expect(sourceOf(bytes)).rejects.toThrow(message);
});
