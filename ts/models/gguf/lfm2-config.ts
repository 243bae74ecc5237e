import { UnsupportedError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import type { GgufFile } from "../../io/gguf/index.js";
import type { MetadataValues } from "./metadata-values.js";
import { defined, wordsConfig } from "./words-config.js";

/** LFM2's: layers without heads of keys and values have a convolution. */
export function lfm2Config(file: Pick<GgufFile, "has" | "info">, values: MetadataValues) {
  const heads = values.list("attention.head_count_kv");
  const counts = new Set(heads?.filter((count) => count !== 0));
  if (counts.size > 1)
    throw new UnsupportedError(
      `lfm2.attention.head_count_kv: layers that are not alike are not supported, got ${excerpt(heads)}`,
      { key: "lfm2.attention.head_count_kv" },
    );
  return defined({
    model_type: "lfm2",
    hidden_size: values.required("embedding_length"),
    num_attention_heads: values.required("attention.head_count"),
    head_dim: values.number("attention.key_length"),
    num_hidden_layers: values.required("block_count"),
    num_key_value_heads: heads === undefined ? values.required("attention.head_count_kv") : ([...counts][0] ?? 1),
    layer_types: heads?.map((count) => (count === 0 ? "conv" : "full_attention")),
    conv_L_cache: values.required("shortconv.l_cache"),
    intermediate_size: values.required("feed_forward_length"),
    block_auto_adjust_ff_dim: false,
    max_position_embeddings: values.required("context_length"),
    norm_eps: values.required("attention.layer_norm_rms_epsilon"),
    rope_theta: values.number("rope.freq_base"),
    ...wordsConfig(file, values),
  });
}
