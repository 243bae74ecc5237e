import { beforeAll, describe, expect, it } from "vitest";
import { CausalLanguageModel, type FileMap, type LoraOptions, type MemoryOptions } from "../../../ts/index.js";
import { ownEngine } from "../own-engine.js";
import { llamaConfig, randomModel } from "./random-llama.js";

const config = llamaConfig();
let files: FileMap;
beforeAll(() => {
  files = randomModel(config);
});

/** An example of which a share is learnt. */
const example = (tokens: number, share = 1 / 4) => ({
  ids: Array.from({ length: tokens }, (_, i) => (7 * i) % 4096),
  mask: Array.from({ length: tokens }, (_, i) => i > 0 && i >= (1 - share) * tokens),
});

/** Bytes that two steps of training take, the model's among them, and what was foretold. */
async function measure(
  options: Omit<MemoryOptions, "tokens"> & { lora?: LoraOptions },
  tokens = 160,
  of = { files, config },
  share?: number,
) {
  await using engine = await ownEngine();
  const before = engine.info.memory.used;
  const { weights = "f32", lora = {}, checkpointing = false, layers } = options;
  using model = await CausalLanguageModel.load(of.files, { engine, weights });
  model.addAdapter("own", lora);
  const examples = [example(tokens / 2, share), example(tokens / 2, share)];
  let used = 0;
  const onProgress = () => void (used = engine.info.memory.used - before);
  await model.fit(examples, { steps: 2, batchSize: 2, checkpointing, onProgress, ...(layers && { layers }) });
  const estimate = await CausalLanguageModel.estimateMemory(of.config, { tokens, ...options });
  return { used, estimate };
}

describe("CausalLanguageModel.estimateMemory", () => {
  it.each([
    ["f32", { num_hidden_layers: 16, hidden_size: 1024, intermediate_size: 4096 }],
    ["q8", { num_hidden_layers: 24, hidden_size: 1536, intermediate_size: 6144 }],
    ["q4", { num_hidden_layers: 16, hidden_size: 2048, intermediate_size: 8192, vocab_size: 128_256 }],
  ] as const)("where nothing is said, weights are %s by the model's size", async (weights, sizes) => {
    const large = llamaConfig(sizes);
    const said = await CausalLanguageModel.estimateMemory(large, { tokens: 8, weights });
    expect(await CausalLanguageModel.estimateMemory(large, { tokens: 8 })).toEqual(said);
  });

  it("does not count the layers that a config.json merely says it has", async () => {
    const narrow = { hidden_size: 2, intermediate_size: 1, num_attention_heads: 1, num_key_value_heads: 1 };
    const deep = llamaConfig({ ...narrow, vocab_size: 1, num_hidden_layers: 2 ** 31 - 1 });
    await expect(CausalLanguageModel.estimateMemory(deep, { tokens: 8 })).rejects.toThrow(/from 1 to 10000/);
    const changed = { ...files, "config.json": new TextEncoder().encode(JSON.stringify(deep)) };
    await expect(CausalLanguageModel.load(changed)).rejects.toThrow(/embed_tokens\.weight is \[4096, 256\]/);
  });

  it.each<[string, Omit<MemoryOptions, "tokens"> & { lora?: LoraOptions }, number?]>([
    ["float32", {}],
    ["f16", { weights: "f16" }],
    ["bf16, computed again", { weights: "bf16", checkpointing: true }],
    ["q8", { weights: "q8" }],
    ["q4", { weights: "q4" }],
    ["q4, computed again", { weights: "q4", checkpointing: true }],
    ["q4, all linear layers", { weights: "q4", lora: { targetModules: "all-linear", rank: 16 } }],
    ["q4, the last two layers", { weights: "q4", lora: { targetModules: "all-linear", rank: 16 }, layers: 2 }],
    ["q4, few tokens", { weights: "q4", lora: { rank: 4 } }, 40],
    ["q4, many tokens", { weights: "q4", lora: { rank: 4 } }, 640],
    ["q4, many tokens computed again", { weights: "q4", lora: { rank: 4 }, checkpointing: true }, 640],
  ])("foretells what training takes within a tenth: %s", { timeout: 120_000 }, async (_, options, tokens) => {
    const { used, estimate } = await measure(options, tokens);
    expect(used / estimate.total).toBeGreaterThan(0.9);
    expect(used / estimate.total).toBeLessThan(1.1);
  });

  it.each([
    "granite",
    "gemma2",
    "vaultgemma",
    "lfm2",
    "qwen3",
    "qwen3_5_text",
    "granitemoe",
    "granitemoeshared",
    "lfm2_moe",
    "qwen3_moe",
    "olmoe",
  ])("and what %s keeps besides", { timeout: 120_000 }, async (model_type) => {
    const factors = {
      residual_multiplier: 0.2,
      logits_scaling: 8,
      query_pre_attn_scalar: 32,
      head_dim: 32,
      full_attn_idxs: [1],
      full_attention_interval: 2,
      linear_num_key_heads: 2,
      linear_num_value_heads: 4,
      linear_key_head_dim: 32,
      linear_value_head_dim: 32,
      num_local_experts: 6,
      num_experts_per_tok: 3,
      shared_intermediate_size: 96,
      num_experts: 6,
      moe_intermediate_size: 200,
      num_dense_layers: 1,
    };
    const own = llamaConfig({ model_type, ...factors, hidden_act: undefined, num_hidden_layers: 3 });
    const { used, estimate } = await measure({}, 160, { files: randomModel(own), config: own }, 1);
    expect(used / estimate.total).toBeGreaterThan(0.9);
    expect(used / estimate.total).toBeLessThan(1.1);
  });

  it("counts routers of experts in float32, as they are whatever the matrices are", async () => {
    const own = { model_type: "qwen3_moe", num_experts: 512, moe_intermediate_size: 8, num_hidden_layers: 2 };
    const large = llamaConfig({ ...own, hidden_act: undefined });
    const of = async (changes: object = {}) =>
      (await CausalLanguageModel.estimateMemory({ ...large, ...changes }, { tokens: 8, lora: null, weights: "q8" }))
        .weights;
    const [some, more] = [await of(), await of({ num_experts: 513 })];
    const { hidden_size: hidden } = large as unknown as { hidden_size: number };
    // One more expert in two layers: rows of 8 and of the hidden width in groups of 32, and a row of the router.
    const groups = 34 * (2 * 8 * (hidden / 32) + hidden);
    expect(more - some).toBe(2 * (groups + 4 * hidden));
  });

  it.each<[string, Omit<MemoryOptions, "tokens"> & { lora?: LoraOptions }]>([
    ["as it is", {}],
    ["computed again", { checkpointing: true }],
    ["all linear layers", { lora: { targetModules: "all-linear" } }],
    ["the last two layers", { layers: 2 }],
  ])("and vectors and keys that Gemma 4's layers share: %s", { timeout: 120_000 }, async (_, options) => {
    const own = llamaConfig({
      model_type: "gemma4_text",
      hidden_act: undefined,
      head_dim: 32,
      global_head_dim: 64,
      num_hidden_layers: 6,
      hidden_size_per_layer_input: 64,
      vocab_size_per_layer_input: 4096,
      num_kv_shared_layers: 3,
      sliding_window: 40,
      layer_types: Array.from({ length: 6 }, (_, i) => (i % 2 === 0 ? "sliding_attention" : "full_attention")),
      use_double_wide_mlp: true,
    });
    const { used, estimate } = await measure(options, 160, { files: randomModel(own), config: own }, 1);
    expect(used / estimate.total).toBeGreaterThan(0.9);
    expect(used / estimate.total).toBeLessThan(1.1);
  });

  it.each(["granite", "granitemoe", "granitemoeshared", "lfm2_moe", "qwen3_moe", "olmoe"])(
    "and what %s computes again",
    { timeout: 120_000 },
    async (model_type) => {
      const own = llamaConfig({
        model_type,
        residual_multiplier: 0.2,
        num_hidden_layers: 3,
        full_attn_idxs: [1],
        num_local_experts: 6,
        num_experts_per_tok: 3,
        shared_intermediate_size: 96,
        num_experts: 6,
        moe_intermediate_size: 200,
        num_dense_layers: 1,
      });
      const { used, estimate } = await measure(
        { checkpointing: true },
        160,
        { files: randomModel(own), config: own },
        1,
      );
      expect(used / estimate.total).toBeGreaterThan(0.9);
      expect(used / estimate.total).toBeLessThan(1.1);
    },
  );

  // Every token is learnt, so that there are as many rows of logits.
  it.each<[string, LoraOptions]>([
    ["LoRA", { targetModules: ["q_proj", "lm_head"] }],
    ["dropout", { targetModules: ["lm_head"], dropout: 0.1 }],
    ["DoRA", { targetModules: ["lm_head"], dora: true }],
    ["all of it", { modulesToSave: ["lm_head"] }],
    ["rows", { trainableTokenIndices: [5, 9, 4000] }],
    ["rows of its own and an update", { targetModules: ["v_proj"], trainableTokenIndices: { lm_head: [5, 9] } }],
  ])("of an output layer with an adapter, tied or not: %s", { timeout: 120_000 }, async (_, lora) => {
    for (const tie_word_embeddings of [true, false]) {
      const own = llamaConfig({ tie_word_embeddings, num_hidden_layers: 2 });
      const { used, estimate } = await measure({ lora }, 160, { files: randomModel(own), config: own }, 1);
      const share = used / estimate.total;
      expect([tie_word_embeddings, share > 0.9 && share < 1.1 ? "near" : share]).toEqual([tie_word_embeddings, "near"]);
    }
  });
});
