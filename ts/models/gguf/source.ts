import { ModelError, UnsupportedError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import { type ByteSource, bytesSource } from "../../io/byte-source.js";
import { GGUF_WEIGHTS, type GgufFile, openGguf } from "../../io/gguf/index.js";
import type { ModelSource } from "../../io/model-source.js";
import type { JsonObject } from "../../tokenize/checks.js";
import { ggufEnds, ggufTokenizer } from "../../tokenize/gguf/gguf-tokenizer.js";
import { gemma4Config } from "./gemma4-config.js";
import { defined, MetadataValues, wordsConfig } from "./metadata-values.js";
import { ggufArchitecture } from "./names.js";
import { frequencyFactors, type FrequencyFactors, ropeScaling } from "./rope-scaling.js";

/** Opens a GGUF file as `ggufSource` of the folder's index does, which fetches this module when it is used. */
export async function sourceOf(open: () => ByteSource | Promise<ByteSource>, name: string): Promise<ModelSource> {
  const file = await openGguf(await open(), name);
  try {
    const factors = await frequencyFactors(file);
    const tokenizer = ggufTokenizer(file);
    const made: Readonly<Record<string, object | undefined>> = {
      "config.json": ggufConfig(file, factors),
      "tokenizer.json": tokenizer?.tokenizer,
      "generation_config.json": { eos_token_id: ggufEnds(file) },
      "tokenizer_config.json": tokenizer?.config,
    };
    return {
      name,
      // A vocabulary is large: it need not be written out and read again.
      made: (wanted) => (wanted === "tokenizer.json" ? tokenizer?.tokenizer : undefined) as JsonObject | undefined,
      async open(wanted) {
        if (wanted === GGUF_WEIGHTS) return open();
        if (!Object.hasOwn(made, wanted) || made[wanted] === undefined) return null;
        return bytesSource(new TextEncoder().encode(JSON.stringify(made[wanted])));
      },
    };
  } catch (cause) {
    if (!(cause instanceof ModelError)) throw cause;
    throw new ModelError(`${clip(name)}: ${cause.message}`, { ...cause.details, model: name }, { cause });
  } finally {
    await file.close();
  }
}

type Header = Pick<GgufFile, "has" | "info">;

/** GPT-2's names of sizes. */
const gpt2Config = (file: Header, values: MetadataValues) =>
  defined({
    model_type: "gpt2",
    n_embd: values.required("embedding_length"),
    n_head: values.required("attention.head_count"),
    n_layer: values.required("block_count"),
    n_positions: values.required("context_length"),
    n_inner: values.required("feed_forward_length"),
    layer_norm_epsilon: values.required("attention.layer_norm_epsilon"),
    ...wordsConfig(file, values),
  });

/** GPT-NeoX's: rotary embedding of a share of each head. */
function gptNeoxConfig(file: Header, values: MetadataValues) {
  const [hidden, heads] = [values.required("embedding_length"), values.required("attention.head_count")];
  const turned = values.number("rope.dimension_count");
  return defined({
    model_type: "gpt_neox",
    hidden_size: hidden,
    num_attention_heads: heads,
    num_hidden_layers: values.required("block_count"),
    intermediate_size: values.required("feed_forward_length"),
    max_position_embeddings: values.required("context_length"),
    layer_norm_eps: values.required("attention.layer_norm_epsilon"),
    use_parallel_residual: values.flag("use_parallel_residual"),
    rotary_emb_base: values.number("rope.freq_base") ?? 10_000,
    rotary_pct: (turned ?? hidden / heads) / (hidden / heads),
    attention_bias: file.has("blk.0.attn_qkv.bias"),
    ...wordsConfig(file, values),
  });
}

/** LFM2's, also of its mixtures of experts: layers without heads of keys and values have a convolution. */
function lfm2Config(
  file: Pick<GgufFile, "names" | "has" | "info">,
  values: MetadataValues,
  modelType: "lfm2" | "lfm2_moe",
  factors: FrequencyFactors,
) {
  const heads = values.list("attention.head_count_kv");
  const counts = new Set(heads?.filter((count) => count !== 0));
  if (counts.size > 1)
    throw new UnsupportedError(
      `${values.architecture}.attention.head_count_kv: layers that are not alike are not supported, got ${excerpt(heads)}`,
      { key: `${values.architecture}.attention.head_count_kv` },
    );
  const [hidden, queries] = [values.required("embedding_length"), values.required("attention.head_count")];
  const headDim = values.number("attention.key_length") ?? hidden / queries;
  const theta = values.number("rope.freq_base") ?? 10_000;
  const rotated = values.number("rope.dimension_count") ?? headDim;
  return defined({
    model_type: modelType,
    hidden_size: hidden,
    num_attention_heads: queries,
    head_dim: headDim,
    num_hidden_layers: values.required("block_count"),
    num_key_value_heads: heads === undefined ? values.required("attention.head_count_kv") : ([...counts][0] ?? 1),
    layer_types: heads?.map((count) => (count === 0 ? "conv" : "full_attention")),
    conv_L_cache: values.required("shortconv.l_cache"),
    intermediate_size: values.required("feed_forward_length"),
    ...(modelType === "lfm2"
      ? { block_auto_adjust_ff_dim: false }
      : { ...expertsConfig(modelType, values), use_expert_bias: hasExpertBias(file) }),
    max_position_embeddings: values.required("context_length"),
    norm_eps: values.required("attention.layer_norm_rms_epsilon"),
    rope_theta: theta,
    rope_scaling: ropeScaling(values, { theta, rotated }, factors) ?? undefined,
    // Rejected: whole heads are rotated.
    partial_rotary_factor: rotated === headDim ? undefined : rotated / headDim,
    ...wordsConfig(file, values),
  });
}

/** Whether any layer has one: then all must. */
const hasExpertBias = ({ names }: Pick<GgufFile, "names">) => names.some((name) => name.endsWith(".exp_probs_b.bias"));

/** Linear layers, none of which has a bias in transformers. */
const linears = ["attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"];

interface ReadRotation {
  readonly theta: number;
  /** `rope_scaling`; null for none. */
  readonly scaling: { readonly [key: string]: unknown } | null;
}

/**
 * Ministral's own fields: the rotation, and how queries grow beyond the length of the first training. transformers has one length for both;
 * a factor 0 is no growth. Throws `UnsupportedError` for biases, experts and two lengths.
 */
function mistral3Config(file: Pick<GgufFile, "has">, values: MetadataValues, { theta, scaling }: ReadRotation) {
  refuseKey(values, "expert_count", "mixtures of experts of this architecture are not read");
  const bias = linears.map((name) => `blk.0.${name}.bias`).find((name) => file.has(name));
  if (bias !== undefined)
    throw new UnsupportedError(`tensor ${excerpt(bias)}: this architecture has no biases of linear layers`, {
      tensor: bias,
    });
  const beta = values.number("attention.temperature_scale") ?? 0;
  const key = "original_max_position_embeddings";
  const length = values.number("rope.scaling.original_context_length") ?? values.required("context_length");
  const lengths = [values.number("attention.temperature_length"), scaling?.[key]];
  const other = lengths.find((one) => one !== undefined && one !== length);
  if (beta !== 0 && other !== undefined)
    throw new UnsupportedError(
      `${values.architecture}.attention.temperature_scale: queries that grow from ${length} tokens on are supported where the rotation's length is the same, got ${excerpt(other)}`,
      { key: `${values.architecture}.attention.temperature_length`, value: other },
    );
  return {
    rope_parameters: {
      [key]: length,
      rope_type: "default",
      ...scaling,
      rope_theta: theta,
      llama_4_scaling_beta: beta,
    },
  };
}

/**
 * The config.json that says what a file's metadata and tensors say. Throws `ModelError` for missing metadata and senseless ones,
 * `UnsupportedError` for architectures and scalings that are not known.
 */
export function ggufConfig(file: Pick<GgufFile, "metadata" | "names" | "has" | "info">, factors: FrequencyFactors) {
  const { modelType } = ggufArchitecture(file.metadata.get("general.architecture"));
  const values = new MetadataValues(file.metadata);
  if (modelType === "gpt2") return gpt2Config(file, values);
  if (modelType === "gpt_neox") return gptNeoxConfig(file, values);
  if (modelType === "lfm2" || modelType === "lfm2_moe") return lfm2Config(file, values, modelType, factors);
  if (modelType === "gemma4_text") return gemma4Config(file, values, factors);
  const [hidden, heads] = [values.required("embedding_length"), values.required("attention.head_count")];
  const headDim = values.number("attention.key_length") ?? hidden / heads;
  const theta = values.number("rope.freq_base") ?? 10_000;
  const rotated = values.number("rope.dimension_count") ?? headDim;
  const scaling = ropeScaling(values, { theta, rotated }, factors);
  const window = values.number("attention.sliding_window");
  return defined({
    model_type: modelType,
    hidden_size: hidden,
    num_attention_heads: heads,
    head_dim: headDim,
    num_hidden_layers: values.required("block_count"),
    num_key_value_heads: values.alike("attention.head_count_kv") ?? heads,
    intermediate_size: values.required("feed_forward_length"),
    max_position_embeddings: values.required("context_length"),
    rms_norm_eps: values.required("attention.layer_norm_rms_epsilon"),
    ...(modelType === "ministral3"
      ? mistral3Config(file, values, { theta, scaling })
      : { rope_theta: theta, rope_scaling: scaling ?? undefined }),
    // Rejected for architectures that rotate whole heads.
    partial_rotary_factor: modelType === "phi3" || rotated !== headDim ? rotated / headDim : undefined,
    ...(modelType.startsWith("gemma") ? gemmaConfig(values, headDim) : { hidden_act: "silu" }),
    ...(modelType.startsWith("granite") ? graniteConfig(values, headDim) : {}),
    ...expertsConfig(modelType, values),
    ...(modelType === "qwen3_5_text" ? deltaConfig(values) : {}),
    ...wordsConfig(file, values),
    attention_bias: modelType === "qwen2" ? undefined : file.has("blk.0.attn_q.bias"),
    mlp_bias: modelType === "llama" || modelType === "granite" ? file.has("blk.0.ffn_gate.bias") : undefined,
    sliding_window: window === 0 ? undefined : window,
    use_sliding_window: modelType.startsWith("qwen") && window !== undefined && window > 0 ? true : undefined,
  });
}

/** Layers of the largest models, whose scores are scaled by the width of the model over its heads: files do not say by what. */
const largest: Readonly<Record<string, number>> = { gemma2: 46, gemma3: 62 };

/** Gemma's own fields. */
const gemmaConfig = (values: MetadataValues, headDim: number) => ({
  hidden_activation: "gelu_pytorch_tanh",
  query_pre_attn_scalar:
    values.required("block_count") === largest[values.architecture]
      ? values.required("embedding_length") / values.required("attention.head_count")
      : headDim,
  attn_logit_softcapping: values.number("attn_logit_softcapping"),
  final_logit_softcapping: values.number("final_logit_softcapping"),
});

/** Granite's factors. As in llama.cpp, 0 is none. */
const graniteConfig = (values: MetadataValues, headDim: number) => ({
  attention_multiplier: values.number("attention.scale") || 1 / Math.sqrt(headDim),
  embedding_multiplier: values.number("embedding_scale") || undefined,
  residual_multiplier: values.number("residual_scale") || undefined,
  logits_scaling: values.number("logit_scale") || undefined,
});

/** Qwen3.5's delta nets. Layers that foretell further tokens are counted among the blocks, and not read. */
const deltaConfig = (values: MetadataValues) => ({
  num_hidden_layers: values.required("block_count") - (values.number("nextn_predict_layers") ?? 0),
  full_attention_interval: values.number("full_attention_interval"),
  linear_conv_kernel_dim: values.required("ssm.conv_kernel"),
  linear_key_head_dim: values.required("ssm.state_size"),
  linear_num_key_heads: values.count("ssm.group_count"),
  linear_num_value_heads: values.count("ssm.time_step_rank"),
  linear_value_head_dim: values.required("ssm.inner_size") / values.count("ssm.time_step_rank"),
});

/** What makes weights of a router's logits, by the numbers of `expert_gating_func`. */
export const gatings = { softmax: 1, sigmoid: 2 } as const;

/**
 * Fields of config.json about a mixture of experts; none for other architectures. As in llama.cpp, a token's weights are divided by their
 * sum except in OLMoE.
 */
function expertsConfig(modelType: string, values: MetadataValues): object {
  const sizes = () => ({ num_experts: values.count("expert_count"), num_experts_per_tok: chosenOf(values) });
  const width = () => ({ moe_intermediate_size: values.required("expert_feed_forward_length") });
  switch (modelType) {
    case "granitemoe":
      refuseKey(values, "expert_shared_feed_forward_length", "shared experts are not read");
      return { num_local_experts: values.count("expert_count"), num_experts_per_tok: chosenOf(values) };
    case "qwen3_moe":
      return { ...sizes(), ...width(), norm_topk_prob: true };
    case "olmoe": {
      checkGating(values, "softmax");
      refuseKey(values, "attention.clamp_kqv", "queries, keys and values are not clamped");
      return { ...sizes(), norm_topk_prob: values.flag("expert_weights_norm") ?? false };
    }
    case "lfm2_moe": {
      checkGating(values, "sigmoid");
      const dense = values.required("leading_dense_block_count");
      const scale = values.number("expert_weights_scale") || 1;
      const normed = values.flag("expert_weights_norm") ?? true;
      return {
        ...sizes(),
        ...width(),
        num_dense_layers: dense,
        norm_topk_prob: normed,
        routed_scaling_factor: scale,
      };
    }
    default:
      return {};
  }
}

const chosenOf = (values: MetadataValues) => values.count("expert_used_count");

/** Throws `UnsupportedError` where a file has a number above 0 for what no config.json of the family says. */
function refuseKey(values: MetadataValues, name: string, why: string): void {
  if ((values.number(name) ?? 0) <= 0) return;
  const key = `${values.architecture}.${name}`;
  throw new UnsupportedError(`${key}: ${why}`, { key, value: values.number(name) });
}

/** Throws `UnsupportedError` for other weights than the family has. */
function checkGating(values: MetadataValues, wanted: keyof typeof gatings): void {
  const found = values.number("expert_gating_func") ?? gatings.softmax;
  if (found === gatings[wanted]) return;
  const key = `${values.architecture}.expert_gating_func`;
  throw new UnsupportedError(
    `${key}: ${gatings[wanted]} (${wanted}) is supported for this architecture, got ${excerpt(found)}`,
    { key, value: found },
  );
}
