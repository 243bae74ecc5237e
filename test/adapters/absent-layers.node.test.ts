import { expect, it, vi } from "vitest";
import { type FileMap, readAdapter, SentenceEncoder, writeAdapter } from "../../ts/index.js";
import { goldenBytes } from "../golden.js";
import { goldenEncoder, texts as all } from "../models/golden-encoder.js";

/** PEFT warns of missing keys and leaves such layers as they are. */
const texts = all.slice(0, 6);
const whole = readAdapter({
  "adapter_config.json": await goldenBytes("lora-options/all_linear/adapter_config.json"),
  "adapter_model.safetensors": await goldenBytes("lora-options/all_linear/adapter_model.safetensors"),
});
const lost = "encoder.layer.1.attention.self.value";

function load(encoder: SentenceEncoder, files: FileMap): string {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  encoder.loadAdapter("peft", files);
  const told = warn.mock.calls.flat().join("\n");
  warn.mockRestore();
  return told;
}

async function vectorsOf(files: FileMap, warning: RegExp): Promise<number[]> {
  using encoder = await SentenceEncoder.load(await goldenEncoder("bert"), { pooling: "mean" });
  expect(load(encoder, files)).toMatch(warning);
  return (await encoder.encode(texts)).flatMap((row) => [...row].map((value) => value + 0));
}

it.each([
  ["every linear layer", "all-linear"],
  ["names", ["query", "key", "value", "dense"]],
  ["an expression", ".*layer\\.[01]\\..*|pooler.dense"],
])("what %s target and the file lacks stays as the base has it, which is said", async (_how, targetModules) => {
  const config = { ...whole.config, targetModules };
  const without = new Map([...whole.layers].filter(([path]) => path !== lost));
  const layer = whole.layers.get(lost)!;
  const zero = { ...layer, loraB: { ...layer.loraB, data: new Float32Array(layer.loraB.data.length) } };
  const with0 = new Map(whole.layers).set(lost, zero);
  const says =
    /^lowrank: loadAdapter: the adapter's configuration targets 1 of this model's layers that its file has no tensors for, such as encoder\.layer\.1\.attention\.self\.value: they stay as the base has them$/;
  const got = await vectorsOf(writeAdapter({ ...whole, config, layers: without }), says);
  expect(got).toEqual(await vectorsOf(writeAdapter({ ...whole, config, layers: with0 }), /^$/));
});

it("a part of the model outside its stack of layers may be left out", async () => {
  const layers = new Map([...whole.layers].filter(([path]) => path !== "pooler.dense"));
  const config = { ...whole.config, targetModules: ["query", "key", "value", "dense"] };
  await vectorsOf(writeAdapter({ ...whole, config, layers }), /^$/);
});
