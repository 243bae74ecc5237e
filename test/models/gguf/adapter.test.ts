import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AdapterError, bytesSource, CausalLanguageModel, openGguf, UnsupportedError } from "../../../ts/index.js";
import { decoderFiles } from "../language/golden-decoder.js";

const names = [
  "llama",
  "mistral",
  "qwen2",
  "qwen3",
  "qwen3_5",
  "gemma2",
  "gemma3_text",
  "gemma4_text",
  "granite",
  "lfm2",
  "lfm2_moe",
  "ministral3",
  "olmoe",
  "phi3",
  "smollm3",
  "olmo2",
  "gpt2",
  "gpt_neox",
] as const;

/** What files call them, where it is another name. */
const ofFiles: Partial<Record<string, string>> = {
  mistral: "llama",
  gemma3_text: "gemma3",
  gemma4_text: "gemma4",
  gpt_neox: "gptneox",
  qwen3_5: "qwen35",
  lfm2_moe: "lfm2moe",
  ministral3: "mistral3",
};

/** An adapter with something in B. */
async function trained(name: (typeof names)[number], options = {}) {
  const model = await CausalLanguageModel.load(await decoderFiles(name));
  model.addAdapter("own", { rank: 2, alpha: 6, targetModules: "all-linear", ...options });
  await model.fit([{ ids: [5, 6, 7, 8], mask: [0, 1, 1, 1] }], { steps: 3, batchSize: 1, learningRate: 0.05 });
  return model;
}

describe.each(names)("a GGUF adapter of %s", (name) => {
  let model: CausalLanguageModel;
  beforeAll(async () => {
    model = await trained(name);
  });
  afterAll(() => model?.dispose());

  it("comes back to the bit", async () => {
    const file = await model.saveGguf("own");
    await model.loadGguf("again", file);
    await model.loadGguf("source", bytesSource(file));
    const ids = [5, 9, 3, 200];
    const own = await model.logits(ids, { adapter: "own" });
    expect(own).not.toEqual(await model.logits(ids, { adapter: null }));
    for (const adapter of ["again", "source"]) {
      expect(await model.logits(ids, { adapter })).toEqual(own);
      model.removeAdapter(adapter);
    }
  });

  it("says what llama.cpp asks for", async () => {
    const file = await openGguf(bytesSource(await model.saveGguf("own")));
    expect(Object.fromEntries(file.metadata)).toEqual({
      "general.architecture": ofFiles[name] ?? name,
      "general.type": "adapter",
      "general.name": "own",
      "adapter.type": "lora",
      "adapter.lora.alpha": 6,
    });
    const joined = ["phi3", "gpt2", "gpt_neox"].includes(name);
    const attention =
      joined || name === "qwen3_5" ? "attn_qkv" : name.startsWith("lfm2") ? "shortconv.in_proj" : "attn_q";
    const { hiddenSize } = model.model.config;
    expect(file.info(`blk.0.${attention}.weight.lora_a`)).toMatchObject({ type: "F32", shape: [2, hiddenSize] });
    // All inner layers of OLMoE, and those of LFM2's mixtures from the second on, are experts.
    const last = name === "olmoe" ? "1.attn_output" : name === "lfm2_moe" ? "0.ffn_down" : "1.ffn_down";
    expect(file.info(`blk.${last}.weight.lora_b`)).toMatchObject({ type: "F32", shape: [hiddenSize, 2] });
    expect(file.names.length).toBe(2 * model.adapter("own").layers.size);
  });
});

it("puts rows of queries and keys where llama.cpp has them, and scalings of other kinds into B", async () => {
  using model = await trained("llama", { rslora: true, alpha: 3, rank: 4 });
  const file = await openGguf(bytesSource(await model.saveGguf("own")));
  const { heads, headDim } = model.model.config;
  const { shape, data } = await file.tensor("blk.0.attn_q.weight.lora_b");
  expect(shape).toEqual([heads * headDim, 4]);
  const layer = model.adapter("own").layers.get("model.layers.0.self_attn.q_proj")!;
  // [rank, out]
  const own = model.graph.value(layer.loraB).data;
  for (let head = 0; head < heads; head++)
    for (let pair = 0; pair < headDim / 2; pair++)
      for (const half of [0, 1]) {
        const [there, here] = [head * headDim + 2 * pair + half, head * headDim + half * (headDim / 2) + pair];
        // 3/√4 instead of 3/4.
        for (let k = 0; k < 4; k++) expect(data[4 * there + k]).toBe(Math.fround(2 * own[k * heads * headDim + here]!));
      }
  await model.loadGguf("again", await model.saveGguf("own"));
  const ids = [5, 9, 3];
  const [a, b] = [await model.logits(ids, { adapter: "own" }), await model.logits(ids, { adapter: "again" })];
  a.data.forEach((value, i) => expect(Math.abs(value - b.data[i]!)).toBeLessThan(1e-5));
});

it("puts queries of all heads before keys and values where GPT-NeoX has a head's three side by side", async () => {
  using model = await trained("gpt_neox");
  const file = await openGguf(bytesSource(await model.saveGguf("own")));
  const { heads, headDim } = model.model.config;
  const rows = 3 * heads * headDim;
  const { shape, data } = await file.tensor("blk.1.attn_qkv.weight.lora_b");
  expect(shape).toEqual([rows, 2]);
  const layer = model.adapter("own").layers.get("gpt_neox.layers.1.attention.query_key_value")!;
  // [rank, out]
  const own = model.graph.value(layer.loraB).data;
  for (let row = 0; row < rows; row++) {
    const [head, part, within] = [Math.floor(row / (3 * headDim)), Math.floor(row / headDim) % 3, row % headDim];
    const there = (part * heads + head) * headDim + within;
    for (let k = 0; k < 2; k++) expect(data[2 * there + k]).toBe(own[k * rows + row]);
  }
});

it("puts value heads of Qwen3.5 where llama.cpp has them: first those that begin a group, in rows of B and in columns of A", async () => {
  using model = await trained("qwen3_5");
  const file = await openGguf(bytesSource(await model.saveGguf("own")));
  const { keyHeads, valueHeads, keyDim, valueDim } = model.model.config.attention(0).delta!;
  const each = valueHeads / keyHeads;
  const heads = Array.from({ length: valueHeads }, (_, head) => ({
    here: head * valueDim,
    there: ((head % each) * keyHeads + Math.floor(head / each)) * valueDim,
  }));
  expect(heads.some(({ here, there }) => here !== there)).toBe(true);
  const layerOf = (module: string) => model.adapter("own").layers.get(`model.layers.0.linear_attn.${module}`)!;
  const before = 2 * keyHeads * keyDim;
  const [b, qkv] = [await file.tensor("blk.0.attn_qkv.weight.lora_b"), layerOf("in_proj_qkv")];
  const [a, out] = [await file.tensor("blk.0.ssm_out.weight.lora_a"), layerOf("out_proj")];
  // [rank, out] and [in, rank]
  const [ownB, ownA] = [model.graph.value(qkv.loraB), model.graph.value(out.loraA)];
  const rows = ownB.shape[1]!;
  for (let k = 0; k < 2; k++) {
    for (let row = 0; row < before; row++) expect(b.data[2 * row + k]).toBe(ownB.data[k * rows + row]);
    for (const { here, there } of heads)
      for (let i = 0; i < valueDim; i++) {
        expect(b.data[2 * (before + there + i) + k]).toBe(ownB.data[k * rows + before + here + i]);
        expect(a.data[k * valueHeads * valueDim + there + i]).toBe(ownA.data[2 * (here + i) + k]);
      }
  }
});

it("gives each layer its own rank and scaling, for which such files have one α", async () => {
  const patterns = { rankPattern: { "1.self_attn.q_proj": 4 }, alphaPattern: { "1.self_attn.q_proj": 5 } };
  using model = await trained("qwen3", patterns);
  const file = await openGguf(bytesSource(await model.saveGguf("own")));
  expect(file.metadata.get("adapter.lora.alpha")).toBe(6);
  for (const [index, rank, factor] of [
    [0, 2, 1],
    [1, 4, 5 / 6],
  ] as const) {
    const { shape, data } = await file.tensor(`blk.${index}.attn_q.weight.lora_b`);
    const own = model.graph.value(model.adapter("own").layers.get(`model.layers.${index}.self_attn.q_proj`)!.loraB);
    expect([own.shape[0], shape[1]]).toEqual([rank, rank]);
    const rows = shape[0]!;
    for (let row = 0; row < rows; row++)
      for (let k = 0; k < rank; k++) expect(data[row * rank + k]).toBe(Math.fround(own.data[k * rows + row]! * factor));
  }
});

it("refuses what such files cannot hold, and files of other models", async () => {
  using model = await trained("llama");
  model.addAdapter("dora", { rank: 1, dora: true });
  await expect(model.saveGguf("dora")).rejects.toThrow(UnsupportedError);
  model.addAdapter("table", { rank: 1, targetModules: ["embed_tokens"] });
  await expect(model.saveGguf("table")).rejects.toThrow(/more than a low-rank update of a linear layer/);
  using other = await trained("qwen2");
  const file = await other.saveGguf("own");
  await expect(model.loadGguf("other", file)).rejects.toThrow(AdapterError);
  await expect(model.loadGguf("other", file)).rejects.toThrow(/general.architecture must be "llama", got "qwen2"/);
});
