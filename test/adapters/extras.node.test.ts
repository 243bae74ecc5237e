import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AdapterError, readSafetensors, SentenceEncoder, UnsupportedError, writeSafetensors } from "../../ts/index.js";
import { goldenBytes, goldenJson } from "../golden.js";
import { largestError } from "../ops/compare.js";
import { goldenEncoder, texts as all } from "../models/golden-encoder.js";

/*
 * Adapters that have more than updates of linear layers (trained biases, whole modules, trained rows of tables, updates of embeddings,
 * DoRA, B's bias, PiSSA), several of them in one set: PEFT's, one of each option, on one encoder.
 */
const TOLERANCE = 1e-5;
const texts = all.slice(0, 8);
const NAMES = Object.entries(await goldenJson<Record<string, string>>("lora-options/cases.json")).flatMap(
  ([name, base]) => (base === "bert" ? [name] : []),
);
// A wrong fan_in_fan_out is told of.
beforeEach(() => void vi.spyOn(console, "warn").mockImplementation(() => undefined));
afterEach(() => void vi.restoreAllMocks());
const WITH_EXTRAS: Readonly<Record<string, string>> = {
  bias_lora_only: "trained biases or whole modules",
  bias_all: "trained biases or whole modules",
  bias_all_dora: "magnitudes (DoRA)",
  lora_bias: "trained biases or whole modules",
  whole_modules: "trained biases or whole modules",
  whole_tables: "trained biases or whole modules",
  embeddings: "an embedding's update",
  embeddings_dora: "magnitudes (DoRA)",
  tokens: "trained biases or whole modules",
  tokens_by_name: "trained biases or whole modules",
};

async function filesOf(name: string) {
  const file = (part: string) => goldenBytes(`lora-options/${name}/${part}`);
  return {
    "adapter_config.json": await file("adapter_config.json"),
    "adapter_model.safetensors": await file("adapter_model.safetensors"),
  };
}

async function encoderWith(names: readonly string[]) {
  const encoder = await SentenceEncoder.load(await goldenEncoder("bert"), { pooling: "mean" });
  for (const name of names) encoder.loadAdapter(name, await filesOf(name));
  return encoder;
}

/** The same tensors with other values. */
async function others(name: string) {
  const files = await filesOf(name);
  const file = readSafetensors(files["adapter_model.safetensors"]);
  const tensors = file.names.map((key) => {
    const { shape, data } = file.tensor(key);
    // A table that PEFT saves along is the base's own, and stays so.
    const factor = key.includes(".base_layer.weight") ? 1 : 1.25;
    return [key, { shape, data: data.map((value) => factor * value) }] as const;
  });
  return { ...files, "adapter_model.safetensors": writeSafetensors(tensors, file.metadata) };
}

it("each text of one batch has the bits that its adapter gives alone, which are PEFT's vectors", async () => {
  using encoder = await encoderWith(NAMES);
  const base = await encoder.encode(texts, { adapter: null });
  const alone = new Map<string | null, Float32Array[]>([[null, base]]);
  for (const name of NAMES) {
    const vectors = await encoder.encode(texts, { adapter: name });
    const expected = readSafetensors(await goldenBytes(`lora-options/${name}/expected.safetensors`)).tensor("pooled");
    const flat = Float32Array.from(vectors.flatMap((row) => [...row]));
    expect(largestError(flat, expected.data), name).toBeLessThan(TOLERANCE);
    alone.set(name, vectors);
  }
  const choices = [...NAMES, null, ...NAMES.toReversed()];
  const batch = choices.map((_, i) => i % texts.length);
  const mixed = await encoder.encode(
    batch.map((i) => texts[i]!),
    { adapters: choices },
  );
  expect(mixed).toEqual(choices.map((name, i) => alone.get(name)![batch[i]!]));
  expect(await encoder.encode(texts, { adapter: null })).toEqual(base);
});

describe.each(NAMES)("%s", (name) => {
  it("takes other values in place: the vectors and files of one that is loaded with them", async () => {
    using encoder = await encoderWith([name]);
    const before = await encoder.encode(texts);
    const files = await others(name);
    encoder.loadAdapter("other", files);
    const expected = await encoder.encode(texts, { adapter: "other" });
    expect(expected).not.toEqual(before);
    const running = encoder.encode(texts);
    encoder.hotswapAdapter(name, files);
    expect(await running).toEqual(before);
    expect(await encoder.encode(texts)).toEqual(expected);
    expect(encoder.saveAdapter(name)).toEqual(encoder.saveAdapter("other"));
    encoder.hotswapAdapter(name, await filesOf(name));
    expect(await encoder.encode(texts)).toEqual(before);
  });
});

it("values of other kinds do not go in place: the message names what is lacking, and nothing has changed", async () => {
  const names = Object.keys(WITH_EXTRAS);
  using encoder = await encoderWith(names);
  const saved = names.map((name) => encoder.saveAdapter(name));
  for (const name of names)
    for (const other of names) {
      if (name === other) continue;
      const files = await filesOf(other);
      expect(() => encoder.hotswapAdapter(name, files), `${name}, ${other}`).toThrow(AdapterError);
      expect(() => encoder.hotswapAdapter(name, files)).toThrow("load it as another");
    }
  expect(names.map((name) => encoder.saveAdapter(name))).toEqual(saved);
});

it("rows of other tokens are other tensors", async () => {
  using encoder = await encoderWith(["tokens"]);
  const files = await filesOf("tokens");
  const config = JSON.parse(new TextDecoder().decode(files["adapter_config.json"])) as Record<string, unknown>;
  const moved = new TextEncoder().encode(JSON.stringify({ ...config, trainable_token_indices: [5, 1, 16] }));
  expect(() => encoder.hotswapAdapter("tokens", { ...files, "adapter_config.json": moved })).toThrow(/rows 5, 1, 17/);
});

it("a sum refuses each of them by its name and what it has, and changes nothing", async () => {
  const names = Object.keys(WITH_EXTRAS);
  using encoder = await encoderWith([...names, "gaussian"]);
  const { used } = encoder.graph.engine.info.memory;
  for (const [name, what] of Object.entries(WITH_EXTRAS))
    for (const combinationType of ["linear", "cat", "svd", "ties", "dare_linear"] as const) {
      const prunes = combinationType === "ties" || combinationType === "dare_linear";
      const options = { adapters: ["gaussian", name], weights: [1, 0.5], combinationType };
      const sum = () => encoder.addWeightedAdapter("sum", prunes ? { ...options, density: 0.5 } : options);
      await expect(sum(), `${combinationType} of ${name}`).rejects.toThrow(UnsupportedError);
      await expect(sum()).rejects.toThrow(`"${name}" has ${what}`);
    }
  expect(encoder.graph.engine.info.memory.used).toBe(used);
  expect(encoder.adapters().map(({ name }) => name)).toEqual([...names, "gaussian"]);
});
