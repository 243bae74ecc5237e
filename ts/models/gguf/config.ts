import type { GgufFile } from "../../io/gguf/index.js";
import { expertsConfig } from "./experts-config.js";
import { gemma4Config } from "./gemma4-config.js";
import { gpt2Config, gptNeoxConfig } from "./gpt-config.js";
import { lfm2Config } from "./lfm2-config.js";
import { MetadataValues } from "./metadata-values.js";
import { mistral3Config } from "./mistral3-config.js";
import { defined, wordsConfig } from "./words-config.js";
import { type FrequencyFactors, ropeScaling } from "./rope-scaling.js";
import { ggufArchitecture } from "./names.js";

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
