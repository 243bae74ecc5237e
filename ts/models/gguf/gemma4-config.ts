import { UnsupportedError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import type { GgufFile } from "../../io/gguf/index.js";
import { defined, type MetadataValues, wordsConfig } from "./metadata-values.js";
import { type FrequencyFactors, ropeScaling } from "./rope-scaling.js";

/** A factor from here on stands for a frequency of 0: llama.cpp's converter writes 1e30. */
const STILL = 1e20;

/** Gemma 4's: heads and inner layers differ by layer, and factors of frequencies are those of layers without a window. */
export function gemma4Config(file: Pick<GgufFile, "has" | "info">, values: MetadataValues, factors: FrequencyFactors) {
  const layers = values.required("block_count");
  const shared = values.number("attention.shared_kv_layers") ?? 0;
  const full = values.required("attention.key_length");
  const near = values.number("attention.key_length_swa") ?? full;
  const windows = values.flags("attention.sliding_window_pattern");
  const vectors = "per_layer_token_embd.weight";
  return defined({
    model_type: "gemma4_text",
    hidden_size: values.required("embedding_length"),
    num_attention_heads: values.required("attention.head_count"),
    num_hidden_layers: layers,
    layer_types: windows?.map((isNear) => (isNear ? "sliding_attention" : "full_attention")),
    ...headsConfig(values, windows, { full, near }),
    num_kv_shared_layers: shared,
    attention_k_eq_v: hasNoValues(file, windows),
    ...innerConfig(values, layers - shared),
    hidden_size_per_layer_input: values.number("embedding_length_per_layer_input") ?? 0,
    vocab_size_per_layer_input: file.has(vectors) ? file.info(vectors).shape[0] : undefined,
    enable_moe_block: (values.number("expert_count") ?? 0) > 0,
    max_position_embeddings: values.required("context_length"),
    sliding_window: values.required("attention.sliding_window"),
    rms_norm_eps: values.required("attention.layer_norm_rms_epsilon"),
    hidden_activation: "gelu_pytorch_tanh",
    final_logit_softcapping: values.number("final_logit_softcapping"),
    rope_parameters: {
      full_attention: fullRotation(values, full, factors),
      sliding_attention: nearRotation(values, near),
    },
    ...wordsConfig(file, values),
    attention_bias: file.has("blk.0.attn_q.bias"),
  });
}

/** Heads of layers with a window, and those of the others. */
function headsConfig(
  values: MetadataValues,
  windows: readonly boolean[] | undefined,
  { full, near }: { readonly full: number; readonly near: number },
) {
  const counts = values.list("attention.head_count_kv");
  const usual = counts?.[Math.max(0, windows?.indexOf(true) ?? 0)] ?? values.required("attention.head_count_kv");
  const sizes = { head_dim: near, num_key_value_heads: usual };
  if (counts === undefined) return { ...sizes, global_head_dim: full };
  const each = counts.map((count, i) => [
    i,
    { head_dim: windows?.[i] === true ? near : full, num_key_value_heads: count },
  ]);
  return { ...sizes, per_layer_config: Object.fromEntries(each) as object };
}

/** Whether layers without a window have no values beside their keys. */
function hasNoValues({ has }: Pick<GgufFile, "has">, windows: readonly boolean[] | undefined): boolean {
  const first = windows?.indexOf(false) ?? 0;
  return has(`blk.${first}.attn_k.weight`) && !has(`blk.${first}.attn_v.weight`);
}

/** Widths of inner layers: those of layers that use keys and values of others may be twice as wide. */
function innerConfig(values: MetadataValues, first: number) {
  const widths = values.list("feed_forward_length");
  if (widths === undefined) return { intermediate_size: values.required("feed_forward_length") };
  const [width] = widths;
  const isWide = widths.length > 0 && widths.at(-1) !== width;
  if (widths.every((one, i) => one === (isWide && i >= first ? 2 : 1) * width!))
    return { intermediate_size: width, use_double_wide_mlp: isWide };
  throw new UnsupportedError(
    `gemma4.feed_forward_length: twice the first from layer ${first} on, or the same for all, is supported, got ${excerpt(widths)}`,
    { key: "gemma4.feed_forward_length" },
  );
}

/** Rotation of layers without a window: pairs with large factors stay as they are. */
function fullRotation(values: MetadataValues, headDim: number, factors: FrequencyFactors): object {
  const rope_theta = values.number("rope.freq_base") ?? 1_000_000;
  const { all } = factors;
  const turned = all?.findIndex((factor) => factor >= STILL) ?? -1;
  if (all === null || turned < 0)
    return {
      rope_type: "default",
      ...ropeScaling(values, { theta: rope_theta, rotated: headDim }, factors),
      rope_theta,
    };
  if (all.length === headDim / 2 && all.every((factor, i) => (i < turned ? factor === 1 : factor >= STILL)))
    return { rope_type: "proportional", partial_rotary_factor: shareOf(turned, headDim), rope_theta };
  throw new UnsupportedError(
    `rope_freqs.weight: factors 1, and then those that stop a rotation, for ${headDim / 2} frequencies are supported, got ${excerpt([...all])}`,
    { tensor: "rope_freqs.weight" },
  );
}

/** The share of a head's features that so many pairs are: half of it times the size, rounded down, is their number. */
function shareOf(pairs: number, headDim: number): number {
  const share = (2 * pairs) / headDim;
  return (share * headDim) / 2 < pairs ? share * (1 + 2 * Number.EPSILON) : share;
}

function nearRotation(values: MetadataValues, headDim: number): object {
  const turned = values.number("rope.dimension_count_swa") ?? headDim;
  return defined({
    rope_type: "default",
    rope_theta: values.number("rope.freq_base_swa") ?? 10_000,
    // Refused, for heads turn as a whole.
    partial_rotary_factor: turned === headDim ? undefined : turned / headDim,
  });
}
