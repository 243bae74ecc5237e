import { expect, it } from "vitest";
import { CausalLanguageModel, ggufSource, openGguf } from "../../../ts/index.js";
import { fileSource } from "../../../ts/io/node/file-source.js";
import { readRequiredJson } from "../../../ts/io/model-source.js";
import { openWeights } from "../../../ts/models/load-model.js";
import { TextTokenizer } from "../../../ts/tokenize/text-tokenizer.js";
import { goldenJson } from "../../golden.js";
import { modelPath } from "../../setup/files.js";

const path = modelPath("SmolLM2-135M-Instruct-GGUF/SmolLM2-135M-Instruct.Q4_1.gguf");

/** The file, and how much of it is read. */
async function watched() {
  const source = await fileSource(path);
  const state = { bytes: 0, most: 0 };
  const read = (offset: number, length: number) => {
    state.bytes += length;
    state.most = Math.max(state.most, length);
    return source.read(offset, length);
  };
  return { state, source: { ...source, read } };
}

it("SmolLM2's tokenizer gives the ids of the one it was converted from", async () => {
  const source = await ggufSource(() => fileSource(path), "SmolLM2");
  const tokenizer = await TextTokenizer.load(source, 8192);
  const cases = await goldenJson<{ text: string; ids: number[] }[]>("gguf/smollm2-ids.json");
  expect(cases.map(({ text }) => [...tokenizer.encode(text)])).toEqual(cases.map(({ ids }) => ids));
  const { chat_template } = await readRequiredJson(source, "tokenizer_config.json");
  expect(chat_template).toMatch(/<\|im_start\|>/);
});

it("its weights are those of a Llama, in 4 bits but for the embedding, and read one at a time", async () => {
  const { state, source } = await watched();
  const file = await openGguf(source);
  expect(state.bytes).toBeLessThan(4e6);
  await file.close();
  const model = await ggufSource(() => fileSource(path), "SmolLM2");
  expect(await readRequiredJson(model, "config.json")).toMatchObject({
    model_type: "llama",
    hidden_size: 576,
    num_hidden_layers: 30,
    num_attention_heads: 9,
    num_key_value_heads: 3,
    intermediate_size: 1536,
    rms_norm_eps: 1e-5,
    rope_theta: 100000,
    tie_word_embeddings: true,
    vocab_size: 49152,
  });
  const weights = await openWeights(model);
  expect(weights.names.length).toBe(272);
  expect(weights.info("model.embed_tokens.weight").shape).toEqual([49152, 576]);
  const formats = weights.names.map((name) => weights.grouped!.format(name));
  expect(formats.filter((format) => format === "q4").length).toBe(210);
  expect(formats.filter((format) => format === "q8").length).toBe(1);
  const { shape, data } = await weights.tensor("model.layers.29.self_attn.k_proj.weight");
  expect(shape).toEqual([192, 576]);
  expect(data.every(Number.isFinite)).toBe(true);
  await weights.close();
});

it(
  "it answers from its own four bits, which are all that is kept, as transformers does from their values",
  { timeout: 120_000 },
  async () => {
    const source = await ggufSource(() => fileSource(path), "SmolLM2");
    using model = await CausalLanguageModel.load(source, { weights: "auto" });
    // Weights of 96 MB and what a step of one token takes.
    expect(model.graph.engine.info.memory.used).toBeLessThan(110e6);
    let text = "";
    for await (const piece of model.generate("The capital of France is", { maxTokens: 13, rounded: false }))
      text += piece;
    expect(text).toBe(" Paris.\n\nThe answer is: 2018");
  },
);
