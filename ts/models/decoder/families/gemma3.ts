import { isRecord } from "../../../arguments/settings.js";
import { type ConfigJson, flag, numberOr, positive, refuse, whole } from "../../config-values.js";
import type { DecoderLayerNames } from "../names.js";
import { decoder, type DecoderArchitecture } from "../index.js";
import {
  activationOf,
  llamaLike,
  llamaNames,
  queryKeyNorms,
  queryKeyValue,
  rotaryOf,
  windowsOf,
} from "./llama-like.js";

/** Default: one of this many layers has no window. */
const PATTERN = 6;

/**
 * Gemma 3, text only (arXiv 2503.19786): norms with 1 + weight before and after attention and MLP, most layers with a window and their own
 * rotary frequencies, embeddings scaled by the square root of their width. EmbeddingGemma's tokens see those after them too.
 */
export const gemma3: DecoderArchitecture = (json) => {
  refuse(json, "attn_logit_softcapping");
  const given = withFallbacks(json);
  const config = llamaLike({ ...given, rope_parameters: null, rope_scaling: null }, { tied: true });
  const { headDim, maxPositions, layers } = config;
  const pattern = whole(
    { sliding_window_pattern: given["sliding_window_pattern"] ?? PATTERN },
    "sliding_window_pattern",
  );
  const isBoth = flag(given, "use_bidirectional_attention", false);
  const windows = windowsOf(isBoth ? withHalves(given) : given, layers, (i) => (i + 1) % pattern !== 0);
  const rotary = rotationsOf(given, { headDim, maxPositions });
  const bias = flag(given, "attention_bias", false);
  return decoder(
    {
      ...config,
      maxPositions: Math.min(
        maxPositions,
        rotary.whole.positions ?? maxPositions,
        rotary.near.positions ?? maxPositions,
      ),
      causal: config.causal && !isBoth,
      norm: "rms-plus-one",
      activation: activationOf(given, "hidden_activation", "gelu_pytorch_tanh"),
      biases: { queryKeyValue: bias, attentionOutput: bias, inner: false },
      attention: (i) => {
        const window = windows(i);
        return { window, rotary: window === null ? rotary.whole : rotary.near };
      },
      scale: 1 / Math.sqrt(positive(given, "query_pre_attn_scalar", 256)),
      embeddingScale: Math.sqrt(config.hiddenSize),
      logitCap: capOf(given, "final_logit_softcapping"),
    },
    llamaNames((path) => ({ ...queryKeyNorms(path), ...normsAround(path) })),
    queryKeyValue,
  );
};

/** Sizes of transformers' configuration that files leave out. */
function withFallbacks(json: ConfigJson): ConfigJson {
  const fallbacks = {
    head_dim: 256,
    num_key_value_heads: 4,
    num_attention_heads: 8,
    sliding_window: 4096,
    vocab_size: 262_208,
  };
  return {
    ...fallbacks,
    max_position_embeddings: 131_072,
    hidden_size: 2304,
    intermediate_size: 9216,
    num_hidden_layers: 26,
    ...json,
  };
}

/** The window of attention in both directions: half of the file's on each side, as transformers has it. */
function withHalves(json: ConfigJson): ConfigJson {
  return { ...json, sliding_window: Math.floor(whole(json, "sliding_window", 0) / 2) + 1 };
}

/**
 * Rotary embeddings of layers without a window, and of those with one: `rope_parameters` by kind, and beside them `rope_theta` and `rope_scaling`, or
 * `rope_local_base_freq`, as transformers 4 wrote them.
 */
function rotationsOf(json: ConfigJson, size: { readonly headDim: number; readonly maxPositions: number }) {
  const parameters = Object(json["rope_parameters"]) as Record<string, unknown>;
  const of = (kind: string, theta: number, scaling?: unknown) => {
    const own = parameters[kind] ?? {};
    return rotaryOf({ rope_parameters: isRecord(scaling) ? { ...own, ...scaling } : (scaling ?? own) }, size, {
      theta,
    });
  };
  return {
    whole: of("full_attention", numberOr(json, "rope_theta", 1_000_000), json["rope_scaling"]),
    near: of("sliding_attention", numberOr(json, "rope_local_base_freq", 10_000)),
  };
}

/** c of c·tanh(x / c); null for none. */
export function capOf(json: ConfigJson, key: string): number | null {
  return json[key] === undefined || json[key] === null ? null : positive(json, key, 1);
}

/** Names of norms before and after attention and MLP. */
export const normsAround = (path: string): Partial<DecoderLayerNames> => ({
  attentionPostNorm: `${path}.post_attention_layernorm`,
  innerNorm: `${path}.pre_feedforward_layernorm`,
  innerPostNorm: `${path}.post_feedforward_layernorm`,
});
