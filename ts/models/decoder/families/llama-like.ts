import { ModelError, UnsupportedError } from "../../../errors/errors.js";
import { excerpt } from "../../../errors/excerpt.js";
import {
  type Activation,
  activationNames,
  type ConfigJson,
  epsilon,
  flag,
  numberOr,
  whole,
  word,
} from "../../config-values.js";
import type { DecoderConfig, LayerAttention } from "../config.js";
import { type DecoderLayerNames, type DecoderNames, noFurtherNorms } from "../names.js";
import { rotaryForm, type RotaryForm } from "../rotary-form.js";

/** Defaults for fields that a Llama-like model's config.json may omit, where the architecture differs from Llama. */
export interface Fallbacks {
  readonly theta?: number;
  readonly eps?: number;
  readonly tied?: boolean;
  /** Share of a head's features that turn. */
  readonly share?: number;
  /** Whether a file may have another share; else it is refused. */
  readonly inPart?: boolean;
}

/** Factors, caps and inputs of layers of a model that has none. */
export const noFactors = {
  queryGrowth: null,
  scoreCap: null,
  embeddingScale: 1,
  residualScale: 1,
  logitScale: 1,
  logitCap: null,
  valueNorm: false,
  layerScale: false,
  perLayer: null,
} as const;

/**
 * The part of a config.json that Llama and its descendants share: grouped heads, root-mean-square norms before attention and inner
 * layer, rotation, a gated inner layer, no biases.
 */
export function llamaLike(json: ConfigJson, fallbacks: Fallbacks = {}): DecoderConfig {
  const hiddenSize = whole(json, "hidden_size");
  const heads = whole(json, "num_attention_heads");
  const maxPositions = whole(json, "max_position_embeddings", 1);
  const headDim = headDimOf(json, hiddenSize, heads);
  const rotary = rotaryOf(json, { headDim, maxPositions }, fallbacks);
  return {
    hiddenSize,
    heads,
    kvHeads: kvHeadsOf(json, heads),
    headDim,
    causal: flag(json, "is_causal", true),
    maxPositions: rotary.positions ?? maxPositions,
    layers: whole(json, "num_hidden_layers"),
    intermediateSize: whole(json, "intermediate_size"),
    vocabularySize: whole(json, "vocab_size"),
    norm: "rms",
    normEps: epsilon(json, "rms_norm_eps", fallbacks.eps ?? 1e-6),
    activation: activationOf(json, "hidden_act", "silu"),
    gated: true,
    biases: { queryKeyValue: false, attentionOutput: false, inner: false },
    parallel: false,
    gatedQueries: false,
    wholeQueryKeyNorm: false,
    byHead: false,
    inFirst: false,
    attention: () => ({ rotary, window: null }),
    scale: undefined,
    ...noFactors,
    tied: flag(json, "tie_word_embeddings", fallbacks.tied ?? false),
  };
}

export function activationOf(json: ConfigJson, key: string, fallback: Activation): Activation {
  return word(json, key, [fallback, ...activationNames.filter((name) => name !== fallback)]);
}

function headDimOf(json: ConfigJson, hiddenSize: number, heads: number): number {
  if (json["head_dim"] !== undefined && json["head_dim"] !== null) return whole(json, "head_dim");
  if (hiddenSize % heads === 0) return hiddenSize / heads;
  throw new ModelError(
    `config.json: hidden_size ${hiddenSize} is no multiple of num_attention_heads ${heads}, and head_dim is not given`,
    { key: "num_attention_heads", value: heads },
  );
}

/** Heads of keys and values; default: the number of query heads. */
function kvHeadsOf(json: ConfigJson, heads: number): number {
  const found = json["num_key_value_heads"] ?? heads;
  const kvHeads = whole({ num_key_value_heads: found }, "num_key_value_heads");
  if (heads % kvHeads === 0) return kvHeads;
  throw new ModelError(`config.json: num_key_value_heads ${kvHeads} does not divide num_attention_heads ${heads}`, {
    key: "num_key_value_heads",
    value: kvHeads,
  });
}

/** Whether there is a `rope_scaling`, as transformers 4 wrote it: it comes before `rope_parameters`, as transformers takes them. */
export const isGiven = (scaling: unknown) =>
  scaling !== undefined && scaling !== null && !(typeof scaling === "object" && Object.keys(scaling).length === 0);

/** The rotation of all layers: `rope_parameters`, or `rope_theta` and `rope_scaling` as transformers 4 wrote them. */
export function rotaryOf(
  json: ConfigJson,
  size: { readonly headDim: number; readonly maxPositions: number },
  { theta = 10_000, share = 1, inPart = false }: Fallbacks,
): RotaryForm {
  const beside = {
    theta: numberOr(json, "rope_theta", theta),
    share: numberOr(json, "partial_rotary_factor", share),
    inPart,
  };
  const original = json["original_max_position_embeddings"];
  const parameters = isGiven(json["rope_scaling"]) ? json["rope_scaling"] : json["rope_parameters"];
  return rotaryForm(parameters, size, { ...beside, original });
}

/** A token sees those nearer than `sliding_window`; null for all. */
function slidingWindow(json: ConfigJson): number | null {
  const given = json["sliding_window"];
  return given === undefined || given === null ? null : whole(json, "sliding_window") - 1;
}

/** Which layers have a window: by `layer_types` if present, otherwise by a rule. */
export function windowsOf(
  json: ConfigJson,
  layers: number,
  rule: (i: number) => boolean,
): (i: number) => number | null {
  const window = slidingWindow(json);
  const types = typesOf(json, layers, ["full_attention", "sliding_attention"]);
  return (i) => ((types === null ? rule(i) : types[i] === "sliding_attention") ? window : null);
}

/** `layer_types`, each one of those known; null if missing. */
export function typesOf<T extends string>(json: ConfigJson, layers: number, known: readonly T[]): readonly T[] | null {
  const types = json["layer_types"];
  if (types === undefined || types === null) return null;
  if (!Array.isArray(types) || types.length !== layers)
    throw new ModelError(`config.json: layer_types is a list with a word for each of the ${layers} layers`, {
      key: "layer_types",
    });
  const strange = (types as unknown[]).find((type) => !known.includes(type as T));
  if (strange !== undefined)
    throw new UnsupportedError(
      `config.json: layer_types: ${excerpt(strange)} is not supported; ${known.join(", ")} are`,
      {
        key: "layer_types",
        value: strange,
      },
    );
  return types as readonly T[];
}

/** A family with one rotary embedding in all layers, some of which have windows. */
export const withWindows =
  (config: DecoderConfig, windows: (i: number) => number | null): ((i: number) => LayerAttention) =>
  (i) => ({ ...config.attention(i), window: windows(i) });

/** Llama's names, of which an architecture may have others. */
export function llamaNames(layer: (path: string) => Partial<DecoderLayerNames> = () => ({})): DecoderNames {
  return {
    base: "model.",
    words: "model.embed_tokens",
    positions: null,
    finalNorm: "model.norm",
    head: "lm_head",
    layer: (i) => {
      const path = `model.layers.${i}`;
      return {
        queryKeyValue: { paths: ["q_proj", "k_proj", "v_proj"].map((name) => `${path}.self_attn.${name}`) },
        attentionOutput: { paths: [`${path}.self_attn.o_proj`] },
        inner: { paths: [`${path}.mlp.gate_proj`, `${path}.mlp.up_proj`] },
        output: { paths: [`${path}.mlp.down_proj`] },
        attentionNorm: `${path}.input_layernorm`,
        innerNorm: `${path}.post_attention_layernorm`,
        ...noFurtherNorms,
        ...layer(path),
      };
    },
  };
}

/** Names of norms over each head's queries and keys. */
export const queryKeyNorms = (path: string) => ({
  queryNorm: `${path}.self_attn.q_norm`,
  keyNorm: `${path}.self_attn.k_norm`,
});

/** Default target modules of an adapter. */
export const queryKeyValue = ["q_proj", "k_proj", "v_proj"];
