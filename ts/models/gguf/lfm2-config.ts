import { UnsupportedError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import type { GgufFile } from "../../io/gguf/index.js";
import { expertsConfig } from "./experts-config.js";
import type { MetadataValues } from "./metadata-values.js";
import { type FrequencyFactors, ropeScaling } from "./rope-scaling.js";
import { defined, wordsConfig } from "./words-config.js";

/** LFM2's, also of its mixtures of experts: layers without heads of keys and values have a convolution. */
export function lfm2Config(
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
