import { expect, it, vi } from "vitest";
import {
  type FileMap,
  readAdapter,
  readSafetensors,
  SentenceEncoder,
  writeAdapter,
  writeSafetensors,
} from "../../ts/index.js";
import { goldenBytes } from "../golden.js";
import { largestError } from "../ops/compare.js";
import { goldenEncoder, texts as all } from "../models/golden-encoder.js";

/*
 * Files for sentence vectors are often saved without BERT's pooler, at which a mean does not look; PEFT then trains a random one along.
 */
const texts = all.slice(0, 6);
const adapter: FileMap = {
  "adapter_config.json": await goldenBytes("lora-options/all_linear/adapter_config.json"),
  "adapter_model.safetensors": await goldenBytes("lora-options/all_linear/adapter_model.safetensors"),
};

async function withoutPooler(): Promise<FileMap> {
  const files = await goldenEncoder("bert");
  const weights = readSafetensors(files["model.safetensors"]!);
  const names = weights.names.filter((name) => !name.includes("pooler"));
  expect(names.length).toBe(weights.names.length - 2);
  const kept = names.map((name) => [name, weights.tensor(name)] as const);
  return { ...files, "model.safetensors": writeSafetensors(kept, { format: "pt" }) };
}

function load(encoder: SentenceEncoder, files: FileMap): string {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  encoder.loadAdapter("peft", files);
  const told = warn.mock.calls.flat().join("\n");
  warn.mockRestore();
  return told;
}

it("an adapter of a pooler that the files lack applies, says so, and is saved whole", async () => {
  using encoder = await SentenceEncoder.load(await withoutPooler(), { pooling: "mean" });
  expect(load(encoder, adapter)).toMatch(/also changes pooler\.dense, which this model's files lack/);
  const expected = readSafetensors(await goldenBytes("lora-options/all_linear/expected.safetensors")).tensor("pooled");
  const vectors = await encoder.encode(all.slice(0, 8));
  expect(largestError(Float32Array.from(vectors.flatMap((row) => [...row])), expected.data)).toBeLessThan(1e-5);
  expect(encoder.saveAdapter("peft")).toEqual(writeAdapter(readAdapter(adapter)));
  encoder.mergeAdapter("peft");
  encoder.unmergeAdapter("peft");
  expect(await encoder.encode(all.slice(0, 8))).toEqual(vectors);
});

it("but an adapter of another layer that is not there is refused", async () => {
  using encoder = await SentenceEncoder.load(await withoutPooler(), { pooling: "mean" });
  const { config, layers, extra } = readAdapter(adapter);
  const pooler = layers.get("pooler.dense")!;
  const other = new Map([...layers].filter(([path]) => path !== "pooler.dense")).set("pooler.other", pooler);
  const targetModules = [...new Set([...other.keys()])];
  const files = writeAdapter({ config: { ...config, targetModules }, layers: other, extra });
  expect(() => encoder.loadAdapter("peft", files)).toThrow(/pooler\.other, which this model does not have/);
  expect(await encoder.encode(texts)).toHaveLength(texts.length);
});
