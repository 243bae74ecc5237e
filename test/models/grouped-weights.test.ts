import { describe, expect, it } from "vitest";
import {
  engineInfo,
  estimateMemory,
  type FileMap,
  Graph,
  ModelError,
  openSafetensors,
  bytesSource,
  readSafetensors,
  SentenceEncoder,
  type Tensor,
  writeSafetensors,
} from "../../ts/index.js";
import { groupedTensor } from "../../ts/models/stored-weights.js";
import { decodeGroups } from "../graph/frozen/groups.js";
import { goldenEncoder } from "./golden-encoder.js";
import { miniLM } from "./minilm.js";
import { tinyEncoder } from "./tiny-encoder.js";

const texts = [
  "a sentence",
  "one that is a good deal longer, and says no more than the first",
  "Kurz.",
  "x ".repeat(150),
];
const formats = ["q8", "q4"] as const;
type Format = (typeof formats)[number];

const config = async (files: FileMap) =>
  JSON.parse(new TextDecoder().decode(files["config.json"])) as Record<string, unknown>;

/** The files with each matrix replaced by what its groups say, in float32. */
async function rounded(files: FileMap, format: Format): Promise<FileMap> {
  using graph = new Graph();
  const bytes = files["model.safetensors"]!;
  const [index, file] = [readSafetensors(bytes), await openSafetensors(bytesSource(bytes))];
  const tensors: Record<string, Tensor> = {};
  for (const name of index.names) {
    const { shape, dtype } = index.info(name);
    if (dtype !== "F32") continue;
    tensors[name] = index.tensor(name);
    // A small table is kept in float32.
    if (shape.length < 2 || name.includes("token_type")) continue;
    const groups = await groupedTensor(graph, file, name, format, {});
    const width = tensors[name].data.length / shape[0]!;
    tensors[name] = { shape, data: decodeGroups(groups, width, format) };
  }
  return { ...files, "model.safetensors": writeSafetensors(tensors) };
}

const encode = async (files: FileMap, options = {}) => {
  using encoder = await SentenceEncoder.load(files, options);
  const all = await encoder.encode(texts);
  const alone: Float32Array[] = [];
  for (const text of texts) alone.push(...(await encoder.encode([text])));
  return [all, alone];
};

const cosine = (a: Float32Array, b: Float32Array) => {
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, i) => sum + value * y[i]!, 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
};

describe.each(formats)("%s", (weights) => {
  it.each(["BERT", "DeBERTa with a convolution"])(
    "%s: the results are those of the rounded weights in float32, to the bit",
    async (name) => {
      const files = name === "BERT" ? await tinyEncoder() : await goldenEncoder("deberta-v2-conv");
      expect(await encode(files, { weights })).toEqual(await encode(await rounded(files, weights)));
    },
  );

  it("MiniLM's vectors stay near, in a fraction of the memory, which the estimate knows", async () => {
    const files = await miniLM();
    const [exact] = await encode(files);
    const { used: before } = engineInfo().memory;
    using encoder = await SentenceEncoder.load(files, { weights });
    const { used } = engineInfo().memory;
    const vectors = await encoder.encode(texts);
    const worst = Math.min(...vectors.map((vector, i) => cosine(vector, exact![i]!)));
    // Measured 0.9996 and 0.953: four bits are few for a model as small as this one.
    expect(worst).toBeGreaterThan(weights === "q8" ? 0.9995 : 0.94);
    const estimate = await estimateMemory(await config(files), { tokens: 64, lora: null, weights });
    expect(used - before).toBeLessThan(weights === "q8" ? 25e6 : 15e6);
    expect(Math.abs((used - before) / estimate.weights - 1)).toBeLessThan(0.02);
  });

  it("the same groups come of a file's float32, and of its numbers of 16 bits", async () => {
    using graph = new Graph();
    const data = Float32Array.from({ length: 5 * 70 }, (_, i) => Math.fround(Math.round(Math.sin(i) * 100) / 128));
    const groups: Uint8Array[] = [];
    for (const dtype of ["F32", "F16", "BF16"] as const) {
      const file = await openSafetensors(
        bytesSource(writeSafetensors({ w: { shape: [5, 70], data } }, undefined, { dtype })),
      );
      groups.push(await groupedTensor(graph, file, "w", weights, {}));
    }
    expect(groups[1]).toEqual(groups[0]);
    expect(groups[2]).toEqual(groups[0]);
  });

  it("refuses values that it cannot hold, by name", async () => {
    using graph = new Graph();
    const read = async (value: number, options = {}) => {
      const data = new Float32Array(96).fill(1);
      data[40] = value;
      const file = await openSafetensors(bytesSource(writeSafetensors({ w: { shape: [3, 32], data } })));
      return groupedTensor(graph, file, "w", weights, options);
    };
    await expect(read(NaN)).rejects.toThrow(/w has 1 value that is not finite: NaN at \[1, 8\]/);
    await expect(read(1e7)).rejects.toThrow(ModelError);
    await expect(read(1e7)).rejects.toThrow(/w holds 10000000, too large for weights "q[48]"/);
    const values = decodeGroups(await read(-Infinity, { allowNonFinite: true }), 32, weights);
    expect(Array.from(values, Number.isNaN)).toEqual(Array.from(values, (_, i) => i >= 32 && i < 64));
    expect(await read(65504)).toBeInstanceOf(Uint8Array);
  });
});
