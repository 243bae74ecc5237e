import { expect, it } from "vitest";
import {
  engineInfo,
  type FileMap,
  type LoadOptions,
  readSafetensors,
  SentenceEncoder,
  type Tensor,
  writeSafetensors,
} from "../../ts/index.js";
import { decodeTensor } from "../../ts/io/safetensors/convert.js";
import { encodeTensor } from "../../ts/io/safetensors/index.js";
import { miniLM } from "./minilm.js";
import { ownEngine } from "./own-engine.js";

const texts = [
  "a sentence",
  "one that is a good deal longer, and says no more than the first",
  "Kurz.",
  "x ".repeat(150),
];

type Half = "F16" | "BF16";
const formats = { F16: "f16", BF16: "bf16" } as const;

const LAYERS = 2;

/** The model's first layers: all of them are made of the same parts. */
async function shortModel() {
  const files = await miniLM();
  const config = JSON.parse(new TextDecoder().decode(files["config.json"])) as object;
  const json = JSON.stringify({ ...config, num_hidden_layers: LAYERS });
  const file = readSafetensors(files["model.safetensors"]!);
  const isDeeper = (name: string) => Number(/layer\.(\d+)/.exec(name)?.[1] ?? 0) >= LAYERS;
  const names = file.names.filter((name) => file.info(name).dtype === "F32" && !isDeeper(name));
  const tensors = Object.fromEntries(names.map((name) => [name, file.tensor(name)]));
  const written = (all: Record<string, Tensor>, dtype: "F32" | Half = "F32"): FileMap => ({
    ...files,
    "config.json": new TextEncoder().encode(json),
    "model.safetensors": writeSafetensors(all, undefined, { dtype }),
  });
  return { tensors, written };
}

/** Tensors rounded to a type: all, and the matrices alone. */
function rounded(tensors: Record<string, Tensor>, dtype: Half) {
  const all: Record<string, Tensor> = {};
  const matrices: Record<string, Tensor> = {};
  for (const [name, tensor] of Object.entries(tensors)) {
    const { shape, data } = tensor;
    all[name] = { shape, data: decodeTensor(encodeTensor(data, dtype, name), dtype, name) };
    matrices[name] = shape.length === 2 && !name.includes("token_type") ? all[name] : tensor;
  }
  return { all, matrices };
}

/** Every seventy-fifth text has more tokens than the model takes, or nearly as many. */
const mixed = Array.from({ length: 300 }, (_, i) =>
  "an ordinary review ".repeat(i % 75 === 7 ? 160 + i / 10 : 1 + (i % 5)),
);

it("takes at most 60 MB for inference with f16 weights, however many and long the texts", async () => {
  const files = await miniLM();
  await using engine = await ownEngine();
  const before = engine.info.memory.used;
  using encoder = await SentenceEncoder.load(files, { engine, weights: "f16" });
  const { used, peak } = engine.info.memory;
  expect(peak - used).toBeLessThan(1e5); // nothing is held twice
  expect(used - before).toBeLessThan(46e6);
  for (const text of mixed.slice(0, 8)) await encoder.encode([text]); // From small to large: what came first is too small.
  await encoder.encode(mixed);
  expect(engine.info.memory.reserved).toBeLessThan(60e6);
});

it("keeps float32 weights once: for inference 94 MB, one joined weight more while loading", async () => {
  const files = await miniLM();
  await using engine = await ownEngine();
  const before = engine.info.memory.used;
  using encoder = await SentenceEncoder.load(files, { engine });
  const { used, peak } = engine.info.memory;
  const largest = 4 * 384 * 1536;
  expect(peak - used).toBeLessThanOrEqual(largest);
  await encoder.encode(texts);
  expect(engine.info.memory.used - before).toBeLessThan(99e6);
});

it.each(["F16", "BF16"] as const)("%s: the results are those of the rounded weights in float32", async (dtype) => {
  const weights = formats[dtype];
  const encode = async (files: FileMap, options: LoadOptions) => {
    using encoder = await SentenceEncoder.load(files, options);
    const all = await encoder.encode(texts);
    const alone: Float32Array[] = []; // A single short text has few rows.
    for (const text of texts) alone.push(...(await encoder.encode([text])));
    return [all, alone];
  };
  const { tensors, written } = await shortModel();
  const { all, matrices } = rounded(tensors, dtype);
  const narrow = written(all, dtype);
  const widened = await encode(written(all), {});
  expect(await encode(narrow, { weights: "auto" })).toEqual(widened);
  expect(await encode(narrow, {})).toEqual(widened);
  const wide = written(matrices);
  const want = await encode(wide, {});
  expect(await encode(wide, { weights, packedCopies: 1 })).toEqual(want);
  const whole = written(tensors);
  const [exact] = await encode(whole, {});
  expect(await encode(whole, { weights })).toEqual(want);
  const error = Math.max(...exact!.flatMap((vector, i) => [...vector].map((x, j) => Math.abs(x - want[0]![i]![j]!))));
  // A relative error of 2⁻¹¹ or 2⁻⁸ in each weight, of which sums of hundreds average most away.
  expect(error).toBeLessThan(dtype === "F16" ? 2 ** -10 : 2 ** -6);
  expect(error).toBeGreaterThan(0);
});

it("merges into f16 weights without rounding the update, and unmerges to the bit", async () => {
  using encoder = await SentenceEncoder.load(await miniLM(), { weights: "f16" });
  const base = await encoder.encode(texts);
  encoder.addAdapter("a", { rank: 4, alpha: 8 });
  for (const { loraB } of encoder.adapter("a").layers.values()) {
    const { shape, data } = encoder.graph.value(loraB);
    encoder.graph.setValue(loraB, { shape, data: data.map((_, i) => Math.sin(i) / 2000) });
  }
  const applied = await encoder.encode(texts);
  encoder.mergeAdapter("a");
  const merged = await encoder.encode(texts);
  merged.forEach((vector, i) => vector.forEach((x, j) => expect(Math.abs(x - applied[i]![j]!)).toBeLessThan(2e-6)));
  const used = engineInfo().memory.used;
  encoder.unmergeAdapter("a");
  expect(engineInfo().memory.used).toBeLessThan(used);
  expect(await encoder.encode(texts, { adapter: null })).toEqual(base);
});
