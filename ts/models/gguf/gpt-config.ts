import type { GgufFile } from "../../io/gguf/index.js";
import type { MetadataValues } from "./metadata-values.js";
import { defined, wordsConfig } from "./words-config.js";

type Header = Pick<GgufFile, "has" | "info">;

/** GPT-2's names of sizes. */
export const gpt2Config = (file: Header, values: MetadataValues) =>
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
export function gptNeoxConfig(file: Header, values: MetadataValues) {
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
