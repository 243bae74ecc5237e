import { describe, expect, it } from "vitest";
import {
  CausalLanguageModel,
  checkAdapter,
  engineInfo,
  type FileMap,
  LowrankError,
  readAdapter,
  readSafetensors,
  type Tensor,
  writeSafetensors,
} from "../../../ts/index.js";

import { changedJson, decoderAdapter, decoderFiles, type DecoderName } from "../language/golden-decoder.js";

const [CONFIG, WEIGHTS] = ["config.json", "adapter_model.safetensors"];
const ids = [1, 20, 31, 42, 53, 64, 75, 86, 97, 108];

async function logits(files: FileMap): Promise<Float32Array> {
  using model = await CausalLanguageModel.load(files);
  return (await model.logits(ids)).data;
}

const parsed = (files: FileMap, file = "config.json") =>
  JSON.parse(new TextDecoder().decode(files[file])) as Record<string, unknown>;

/** The same files with tensors of other names. */
function renamed(files: FileMap, rename: (name: string) => string): FileMap {
  const file = readSafetensors(files["model.safetensors"]!);
  const tensors = new Map<string, Tensor>(file.names.map((name) => [rename(name), file.tensor(name)]));
  return { ...files, "model.safetensors": writeSafetensors(tensors) };
}

describe("config.json as transformers 4 wrote it", () => {
  it.each<[DecoderName, object]>([
    ["llama", { rope_theta: 10000, rope_scaling: { rope_type: "llama3" } }],
    ["llama_yarn", { rope_theta: 10000, rope_scaling: { type: "yarn" } }],
    ["mistral", { rope_theta: 1000, rope_scaling: { type: "linear" } }],
    ["qwen2", { rope_theta: 10000, rope_scaling: null, layer_types: undefined }],
    ["phi3", { rope_theta: 10000, partial_rotary_factor: 0.5 }],
    [
      "lfm2",
      {
        layer_types: undefined,
        full_attn_idxs: [1],
        intermediate_size: undefined,
        block_ff_dim: 84,
        tie_word_embeddings: undefined,
        tie_embedding: true,
        rope_theta: 10000,
      },
    ],
    [
      "qwen3_5",
      { rope_theta: 10000, partial_rotary_factor: undefined, layer_types: undefined, full_attention_interval: 2 },
    ],
    ["gpt_neox", { rotary_emb_base: 10000, rotary_pct: 0.5 }],
    [
      "gemma3_text",
      { rope_theta: 100000, rope_local_base_freq: 1000, rope_scaling: { rope_type: "linear", factor: 8 } },
    ],
  ])("%s gives the same logits", async (name, old) => {
    const files = await decoderFiles(name);
    const { rope_parameters: parameters } = parsed(files) as { rope_parameters: Record<string, unknown> };
    const { rope_theta: _, partial_rotary_factor: __, rope_type: ___, ...scaling } = parameters;
    const given = (old as { rope_scaling?: object | null }).rope_scaling;
    const changes = {
      dtype: undefined,
      torch_dtype: "float32",
      rope_parameters: undefined,
      ...old,
      ...(given === undefined || given === null || "factor" in given ? {} : { rope_scaling: { ...scaling, ...given } }),
    };
    expect(await logits(changedJson(files, "config.json", changes))).toEqual(await logits(files));
  });
});

describe("model.safetensors", () => {
  it.each<[DecoderName, string]>([
    ["gpt2", "transformer."],
    ["qwen2", "model."],
  ])("%s may be a bare model's, without what its names begin with", async (name, base) => {
    const files = await decoderFiles(name);
    const bare = renamed(files, (tensor) => (tensor.startsWith(base) ? tensor.slice(base.length) : tensor));
    expect(await logits(bare)).toEqual(await logits(files));
  });

  it("may be part of a larger model's", async () => {
    const files = await decoderFiles("llama");
    expect(await logits(renamed(files, (name) => `language_model.${name}`))).toEqual(await logits(files));
  });

  it.each([
    ["qwen3_5", "qwen3_5"],
    ["gemma4_text", "gemma4"],
  ] as const)(
    "of %s may be that of a model for texts and pictures, and adapters of either",
    async (name, model_type) => {
      const files = await decoderFiles(name);
      const inner = (name: string) => name.replace(/(^|\.)model\.(?!model\.)/, "$1model.language_model.");
      const { [CONFIG]: _, "generation_config.json": __, ...wrapped } = renamed(files, inner);
      const other = { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) };
      const more = readSafetensors(wrapped["model.safetensors"]!);
      const tensors = new Map<string, Tensor>(more.names.map((name) => [name, more.tensor(name)]));
      for (const name of ["model.visual.blocks.0.attn.qkv.weight", "mtp.fc.weight"]) tensors.set(name, other);
      const { tie_word_embeddings, ...text_config } = parsed(files);
      const config = { model_type, tie_word_embeddings, text_config, vision_config: { depth: 1 } };
      const whole = {
        ...wrapped,
        "model.safetensors": writeSafetensors(tensors),
        [CONFIG]: new TextEncoder().encode(JSON.stringify(config)),
      };
      using plain = await CausalLanguageModel.load(files);
      using model = await CausalLanguageModel.load(whole);
      expect(await model.logits(ids)).toEqual(await plain.logits(ids));
      expect([...model.ends]).toEqual([2]);
      const adapter = await decoderAdapter(name);
      const weights = readSafetensors(adapter[WEIGHTS]!);
      const changed = new Map(weights.names.map((name) => [inner(name), weights.tensor(name)] as const));
      expect([...changed.keys()][0]).toMatch(/^base_model\.model\.model\.language_model\.layers/);
      const ofLarger = { ...adapter, [WEIGHTS]: writeSafetensors(changed) };
      plain.loadAdapter("own", adapter);
      for (const [name, given] of Object.entries({ own: adapter, larger: ofLarger })) {
        model.loadAdapter(name, given);
        expect(await model.logits(ids, { adapter: name })).toEqual(await plain.logits(ids, { adapter: "own" }));
        for (const base of [files, whole]) checkAdapter(readAdapter(given), base);
      }
      model.loadAdapter("saved", model.saveAdapter("larger"));
      expect(await model.logits(ids, { adapter: "saved" })).toEqual(await model.logits(ids, { adapter: "own" }));
    },
  );

  it("may be kept in fewer bits", async () => {
    for (const name of ["gpt2", "llama_yarn"] as const) {
      const files = await decoderFiles(name);
      const expected = await logits(files);
      for (const weights of ["bf16", "f16", "auto"] as const) {
        using model = await CausalLanguageModel.load(files, { weights });
        const { data } = await model.logits(ids);
        const worst = data.reduce((most, x, i) => Math.max(most, Math.abs(x - expected[i]!)), 0);
        expect(worst).toBeLessThan(weights === "auto" ? 1e-5 : 0.2);
      }
    }
  });

  it("lacking a tensor, or having another shape, is refused before anything is allocated", async () => {
    const files = await decoderFiles("qwen3");
    const { used, peak } = engineInfo().memory;
    const failing = async (changed: FileMap, message: RegExp) => {
      const error: unknown = await CausalLanguageModel.load(changed).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(LowrankError);
      expect((error as Error).message).toMatch(message);
      expect(engineInfo().memory).toMatchObject({ used, peak });
    };
    const without = (name: string) => renamed(files, (tensor) => (tensor === name ? "other" : tensor));
    await failing(without("model.layers.1.self_attn.q_norm.weight"), /no tensor "model\.layers\.1\.self_attn\.q_norm/);
    await failing(without("lm_head.weight"), /no tensor "lm_head\.weight"/);
    await failing(changedJson(files, "config.json", { num_key_value_heads: 1 }), /k_proj\.weight is \[32, 32\]/);
    await failing(changedJson(files, "config.json", { num_hidden_layers: 4, layer_types: null }), /model\.layers\.3/);
    await failing(
      changedJson(files, "config.json", { num_hidden_layers: 2 ** 31 - 1, layer_types: null }),
      /model\.layers\.3/,
    );
  });
});

describe("config.json", () => {
  it.each<[DecoderName, string, object, RegExp]>([
    ["llama", "no model type", { model_type: undefined }, /"gemma3_text", "gemma4", "gemma4_text", "gpt2", .* are$/],
    ["llama", "a model type that every object has", { model_type: "toString" }, /model_type "toString"/],
    ["llama", "an encoder", { model_type: "bert" }, /not supported as a language model/],
    [
      "llama",
      "weights that another program quantised",
      { quantization_config: { quant_method: "fp8" } },
      /quantization_config \("fp8"\): of quantised weights only GGUF/,
    ],
    ["llama", "no layers", { num_hidden_layers: 0 }, /num_hidden_layers must be a whole number from 1/],
    ["llama", "heads that do not divide", { num_key_value_heads: 3 }, /num_key_value_heads 3 does not divide/],
    [
      "llama",
      "heads that do not divide the width",
      { num_attention_heads: 5, head_dim: null },
      /no multiple of num_att/,
    ],
    ["llama", "an odd head", { head_dim: 7 }, /7 of 7 features of a head turn in pairs/],
    ["llama", "another activation", { hidden_act: "geglu" }, /hidden_act "geglu"/],
    ["llama", "an activation that is not gated", { hidden_act: "relu" }, /gated inner layer by "relu"/],
    [
      "llama",
      "a rotation of another kind",
      { rope_parameters: { rope_type: "spiral", factor: 2 } },
      /"spiral"; "default"/,
    ],
    ["llama", "a rotation that is no object", { rope_parameters: [] }, /rope_parameters must be an object/],
    ["llama", "scaling by nothing", { rope_parameters: { rope_type: "linear" } }, /factor must be a number above 0/],
    ["llama", "a negative base", { rope_parameters: { rope_theta: -1 } }, /rope_theta must be a number above 0/],
    ["llama", "an end that is no token", { eos_token_id: "x" }, /^$/],
    [
      "phi3",
      "a long rotation without its factors",
      { rope_parameters: { rope_type: "longrope", original_max_position_embeddings: 9, long_factor: [1] } },
      /short_factor must be a list of 4 numbers above 0, got undefined/,
    ],
    [
      "phi3",
      "a long rotation of factors that are none",
      { rope_parameters: { rope_type: "longrope", original_max_position_embeddings: 9, short_factor: [1, 1, 0, 1] } },
      /short_factor must be a list of 4 numbers above 0, got \[1, ?1, ?0, ?1\]/,
    ],
    [
      "llama",
      "a long rotation of one position at first",
      {
        rope_parameters: { rope_type: "longrope", short_factor: [1, 1, 1, 1], original_max_position_embeddings: 1 },
        original_max_position_embeddings: null,
      },
      /original_max_position_embeddings must be a whole number from 2/,
    ],
    ["phi3", "more than a head turned", { rope_parameters: { partial_rotary_factor: 2 } }, /turn in pairs/],
    ["mistral", "a window of nothing", { sliding_window: 0 }, /sliding_window must be a whole number from 1/],
    [
      "qwen2",
      "layers of other kinds",
      { layer_types: ["full_attention", "linear_attention", "x"] },
      /linear_attention/,
    ],
    ["qwen2", "too few kinds of layers", { layer_types: [] }, /a word for each of the 3 layers/],
    ["smollm3", "too few layers without rotation", { no_rope_layers: [1] }, /a 0 or 1 for each of the 3 layers/],
    ["gemma3_text", "capped scores", { attn_logit_softcapping: 50 }, /attn_logit_softcapping 50 is not supported/],
    ["lfm2", "biases of convolutions", { conv_bias: true }, /conv_bias true is not supported/],
    ["lfm2", "layers of other kinds", { layer_types: ["conv", "full_attention", "mamba"] }, /"mamba" is not supported/],
    ["lfm2", "places of no layers", { layer_types: null, full_attn_idxs: "1" }, /full_attn_idxs is a list/],
    ["lfm2", "a convolution of nothing", { conv_L_cache: 0 }, /conv_L_cache must be a whole number from 1/],
    ["lfm2", "another width", { block_multiple_of: 64 }, /feed_forward\.w1\.weight is \[56, 32\]/],
    ["qwen3_5", "layers of other kinds", { layer_types: ["mamba", "x", "x", "x"] }, /"mamba" is not supported/],
    [
      "qwen3_5",
      "heads of keys that do not divide",
      { linear_num_key_heads: 3 },
      /linear_num_key_heads 3 does not divide/,
    ],
    ["qwen3_5", "no heads", { linear_num_value_heads: 0 }, /linear_num_value_heads must be a whole number from 1/],
    [
      "qwen3_5",
      "a state far larger than its tensors",
      { linear_key_head_dim: 1025 },
      /linear_key_head_dim must be a whole number from 1 to 1024, got 1025/,
    ],
    ...(["linear_num_key_heads", "linear_num_value_heads"] as const).map(
      (key): [DecoderName, string, object, RegExp] => [
        "qwen3_5",
        `heads whose products 32 bits do not hold: ${key}`,
        { [key]: 65_536 },
        new RegExp(`${key} must be a whole number from 1 to 4096, got 65536`),
      ],
    ),
    ["qwen3_5", "another convolution", { linear_conv_kernel_dim: 4 }, /conv1d\.weight is \[80, 1, 3\]/],
    [
      "qwen3_5",
      "no period",
      { layer_types: null, full_attention_interval: 0 },
      /full_attention_interval must be a whole/,
    ],
    [
      "qwen3_5",
      "a part for texts that is none",
      { text_config: { num_hidden_layers: "4" } },
      /num_hidden_layers must be/,
    ],
    [
      "granite4",
      "experts that it lacks",
      { num_local_experts: 4, num_experts_per_tok: 2 },
      /no tensor "model\.layers\.0\.block_sparse_moe\.router/,
    ],
    ["granitemoe", "no experts", { num_local_experts: 0 }, /num_local_experts must be a whole number from 1 to 1024/],
    [
      "granitemoe",
      "more experts than there are",
      { num_experts_per_tok: 7 },
      /num_experts_per_tok must be a whole number from 1 to 6/,
    ],
    [
      "granitemoe",
      "another width",
      { intermediate_size: 25 },
      /input_linear\.weight is \[6, 48, 32\]; config\.json calls for \[6, 50, 32\]/,
    ],
    [
      "granitemoe",
      "too many experts",
      { num_local_experts: 1024, num_hidden_layers: 65 },
      /1024 in 65 layers are 66560 experts; at most 65536/,
    ],
    [
      "qwen3_moe",
      "experts where it has none",
      { mlp_only_layers: [] },
      /no tensor "model\.layers\.1\.mlp\.gate\.weight"/,
    ],
    [
      "qwen3_moe",
      "dense layers where it has none",
      { decoder_sparse_step: 2 },
      /no tensor "model\.layers\.0\.mlp\.gate_proj/,
    ],
    [
      "qwen3_moe",
      "dense layers by no numbers",
      { mlp_only_layers: "1" },
      /mlp_only_layers is a list of the numbers of layers/,
    ],
    ["qwen3_moe", "fewer experts than its router has", { num_local_experts: 4 }, /gate\.weight is \[5, 32\]/],
    ["olmoe", "clipped queries", { clip_qkv: 5 }, /clip_qkv 5 is not supported/],
    ["lfm2_moe", "no bias of experts", { use_expert_bias: false }, /^$/],
    ["gemma4_text", "experts", { enable_moe_block: true }, /enable_moe_block true is not supported/],
    ["gemma4_text", "other layers", { layer_types: Array(5).fill("conv") }, /"conv" is not supported/],
    ["gemma4_text", "no layer of its own", { num_kv_shared_layers: 5 }, /num_kv_shared_layers must be .* from 0 to 4/],
    [
      "gemma4_text",
      "no layer whose keys there are",
      { num_kv_shared_layers: 4 },
      /layer 4 uses keys and values of an earlier layer of its kind \(full_attention\), and there is none/,
    ],
    [
      "gemma4_text",
      "keys of other heads",
      { per_layer_config: { 1: { head_dim: 16 }, 4: { head_dim: 8 } } },
      /layer 4 uses the keys and values of layer 1, which has 1 heads of 16, not 1 of 8/,
    ],
    ["gemma4_text", "heads by no layer", { per_layer_config: { x: {} } }, /per_layer_config of layer "x" must be/],
    ["gemma4_text", "heads in a list", { per_layer_config: [] }, /per_layer_config must be an object/],
    [
      "gemma4_text",
      "other sizes of a layer",
      { per_layer_config: { 1: { hidden_size: 16 } } },
      /per_layer_config of layer "1": "hidden_size" is not supported/,
    ],
    [
      "gemma4_text",
      "heads of one layer that do not divide",
      { per_layer_config: { 1: { num_key_value_heads: 3 } } },
      /num_key_value_heads 3 does not divide/,
    ],
    [
      "gemma4_text",
      "fewer vectors than words",
      { vocab_size_per_layer_input: 319 },
      /vocab_size_per_layer_input 319: fewer than the 320 tokens/,
    ],
    [
      "gemma4_text",
      "a rotation of one kind",
      { rope_parameters: { full_attention: {} } },
      /rope_parameters\.sliding_att/,
    ],
    [
      "gemma4_text",
      "heads that turn more than once",
      {
        rope_parameters: {
          full_attention: { rope_type: "proportional", partial_rotary_factor: 2 },
          sliding_attention: {},
        },
      },
      /partial_rotary_factor must be a number up to 1, got 2/,
    ],
    ["gemma4_text", "another table of vectors", { hidden_size_per_layer_input: 4 }, /per_layer\.weight is \[320, 40\]/],
    ["gemma4_text", "both directions", { use_bidirectional_attention: "all" }, /so it generates no text/],
    ["granite4", "state spaces", { layer_types: ["mamba", "attention", "mamba"] }, /"mamba" is not supported/],
    [
      "ministral3",
      "growth by no length",
      { rope_parameters: { rope_type: "default", llama_4_scaling_beta: 0.1 } },
      /original_max_position_embeddings must be a whole number from 1/,
    ],
    ["gemma2", "both directions", { use_bidirectional_attention: true }, /use_bidirectional_attention true/],
    ["gemma2", "a cap of nothing", { attn_logit_softcapping: 0 }, /attn_logit_softcapping must be a number above 0/],
    ["gpt2", "cross attention", { add_cross_attention: true }, /add_cross_attention true is not supported/],
    ["gpt2", "scores by layer", { scale_attn_by_inverse_layer_idx: true }, /scale_attn_by_inverse_layer_idx true/],
    ["gpt2", "heads that do not divide", { n_head: 5 }, /n_embd 32 is no multiple of n_head 5/],
    ["gpt_neox", "heads that do not divide", { num_attention_heads: 5 }, /no multiple of num_attention_heads 5/],
  ])("%s with %s", async (name, _, changes, message) => {
    const files = changedJson(await decoderFiles(name), "config.json", changes);
    const { used } = engineInfo().memory;
    const error: unknown = await CausalLanguageModel.load(files).then(
      (model) => model.dispose(),
      (thrown: unknown) => thrown,
    );
    if (error !== undefined) expect(error).toBeInstanceOf(LowrankError);
    expect((error as Error | undefined)?.message ?? "").toMatch(message);
    expect(engineInfo().memory.used).toBe(used);
  });

  it("names the ends of a text where generation_config.json does not", async () => {
    const { "generation_config.json": _, ...files } = await decoderFiles("llama");
    using model = await CausalLanguageModel.load(changedJson(files, "config.json", { eos_token_id: [7, 9, 1000] }));
    expect([...model.ends]).toEqual([7, 9]);
    await expect(CausalLanguageModel.load(changedJson(files, "config.json", { eos_token_id: -1 }))).rejects.toThrow(
      /eos_token_id must be a token id/,
    );
  });

  it("names them beside a part for texts that does not", async () => {
    const { "generation_config.json": _, ...files } = await decoderFiles("qwen3_5");
    const text_config = { ...parsed(files), eos_token_id: undefined };
    using model = await CausalLanguageModel.load(
      changedJson(files, "config.json", { text_config, eos_token_id: [7, 9] }),
    );
    expect([...model.ends]).toEqual([7, 9]);
  });

  it("caps logits where it says so", async () => {
    const files = await decoderFiles("gemma3_text");
    const [plain, capped] = [
      await logits(files),
      await logits(changedJson(files, "config.json", { final_logit_softcapping: 2 })),
    ];
    capped.forEach((x, i) => expect(x).toBeCloseTo(2 * Math.tanh(plain[i]! / 2), 4));
  });
});
