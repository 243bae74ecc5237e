import { isRecord } from "../../../arguments/settings.js";
import { ModelError, UnsupportedError } from "../../../errors/errors.js";
import { excerpt } from "../../../errors/excerpt.js";
import { type ConfigJson, flag, refuse, whole, word } from "../../config-values.js";
import { type DecoderConfig, type LayerAttention, type LayerSizes, textConfig } from "../config.js";
import { decoder, type DecoderArchitecture } from "../index.js";
import type { DecoderNames } from "../names.js";
import { type RotaryForm, rotaryForm } from "../rotary-form.js";
import { capOf, normsAround } from "./gemma3.js";
import { activationOf, llamaLike, llamaNames, queryKeyNorms, queryKeyValue, typesOf } from "./llama-like.js";

type HeadSizes = Pick<LayerSizes, "kvHeads" | "headDim">;
const kinds = ["full_attention", "sliding_attention"] as const;
type Kind = (typeof kinds)[number];

/** Default: one of this many layers has no window. */
const PATTERN = 6;

/** Rotations of transformers' configuration, where a file has none. */
const rotations = {
  full_attention: { rope_type: "proportional", partial_rotary_factor: 0.25, rope_theta: 1_000_000 },
  sliding_attention: { rope_type: "default", rope_theta: 10_000 },
};

/** How each layer of a Gemma 4 attends, and the number of positions. @param isBoth whether tokens see those after them too */
function layersOf(
  json: ConfigJson,
  config: DecoderConfig,
  isBoth: boolean,
): Pick<DecoderConfig, "attention" | "maxPositions"> {
  const { layers, intermediateSize } = config;
  const kindOf = kindsOf(json, layers);
  const heads = headsOf(json, config, kindOf);
  const rotary = rotationsOf(json, config);
  const seen = whole(json, "sliding_window", isBoth ? 0 : 1);
  const window = isBoth ? Math.floor(seen / 2) : seen - 1;
  // The first layer must have keys and values of its own.
  const first = layers - whole(json, "num_kv_shared_layers", 0, 0, layers - 1);
  const sourceOf = lastOf(kindOf, first);
  const isWide = flag(json, "use_double_wide_mlp", false);
  const isValue = flag(json, "attention_k_eq_v", false);
  const known = new Map<number, LayerAttention>();
  const made = (i: number): LayerAttention => {
    const [kind, own] = [kindOf(i), heads(i)];
    const keysOf = i < first ? undefined : sourceOf(kind, i);
    if (keysOf !== undefined) checkAlike(i, own, keysOf, heads(keysOf));
    return {
      rotary: rotary(kind, own.headDim),
      window: kind === "full_attention" ? null : window,
      sizes: { ...own, intermediateSize: i >= first && isWide ? 2 * intermediateSize : intermediateSize },
      keysOf,
      keysAreValues: isValue && kind === "full_attention",
    };
  };
  const attention = (i: number): LayerAttention => {
    const found = known.get(i) ?? made(i);
    known.set(i, found);
    return found;
  };
  const positions = [attention(0), attention(layers - 1)].map(({ rotary }) => rotary?.positions ?? Infinity);
  return { attention, maxPositions: Math.min(config.maxPositions, ...positions) };
}

/** Which layers have a window: by `layer_types`, or five of six; the last one has none. */
function kindsOf(json: ConfigJson, layers: number): (i: number) => Kind {
  const types = typesOf(json, layers, kinds);
  return (i) =>
    i === layers - 1 || (types === null ? (i + 1) % PATTERN === 0 : types[i] === "full_attention")
      ? "full_attention"
      : "sliding_attention";
}

/** The last layer of a kind before `first`. */
function lastOf(kindOf: (i: number) => Kind, first: number): (kind: Kind, i: number) => number {
  const found = new Map<Kind, number>();
  return (kind, i) => {
    let source = found.get(kind) ?? first - 1;
    while (source >= 0 && kindOf(source) !== kind) source--;
    if (source < 0)
      throw new ModelError(
        `config.json: num_kv_shared_layers: layer ${i} uses keys and values of an earlier layer of its kind (${kind}), and there is none`,
        { key: "num_kv_shared_layers" },
      );
    found.set(kind, source);
    return source;
  };
}

function checkAlike(i: number, own: HeadSizes, source: number, other: HeadSizes): void {
  if (own.headDim === other.headDim && own.kvHeads === other.kvHeads) return;
  throw new ModelError(
    `config.json: layer ${i} uses the keys and values of layer ${source}, which has ${other.kvHeads} heads of ${other.headDim}, not ${own.kvHeads} of ${own.headDim}`,
    { key: "num_kv_shared_layers" },
  );
}

/** Models have two: each takes memory for all positions. */
const MOST_FORMS = 64;

/** The rotation of each kind of layer, by the size of its heads. */
function rotationsOf(json: ConfigJson, { maxPositions }: DecoderConfig) {
  const given = json["rope_parameters"] ?? rotations;
  const known = new Map<string, RotaryForm>();
  return (kind: Kind, headDim: number): RotaryForm => {
    const key = `${kind} ${headDim}`;
    let form = known.get(key);
    if (form !== undefined) return form;
    if (known.size === MOST_FORMS)
      throw new ModelError(`config.json: per_layer_config has heads of more than ${MOST_FORMS} sizes`, {
        key: "per_layer_config",
      });
    const parameters = isRecord(given) ? given[kind] : given;
    if (!isRecord(parameters))
      throw new ModelError(`config.json: rope_parameters.${kind} must be an object, got ${excerpt(parameters)}`, {
        key: "rope_parameters",
      });
    form = rotaryForm(turnedWhole(parameters), { headDim, maxPositions }, { theta: rotations[kind].rope_theta });
    known.set(key, form);
    return form;
  };
}

/**
 * Parameters without the share of a head that turns where the kind is "default": transformers' Gemma 4 does not read it there, and turns whole
 * heads.
 */
const turnedWhole = (parameters: ConfigJson): ConfigJson =>
  (parameters["rope_type"] ?? parameters["type"] ?? "default") === "default"
    ? { ...parameters, partial_rotary_factor: null }
    : parameters;

/** Heads of each layer: `per_layer_config` by the layer's number, or the same for all without a window. */
function headsOf(json: ConfigJson, config: DecoderConfig, kindOf: (i: number) => Kind): (i: number) => HeadSizes {
  const { headDim, kvHeads } = config;
  const usual = { headDim, kvHeads };
  const each = json["per_layer_config"];
  if (each === undefined) {
    const full = fullHeads(json, config);
    return (i) => (kindOf(i) === "full_attention" ? full : usual);
  }
  if (each !== null && !isRecord(each))
    throw new ModelError(`config.json: per_layer_config must be an object by layers, got ${excerpt(each)}`, {
      key: "per_layer_config",
    });
  const known = new Map(
    Object.entries(each ?? {}).map(([layer, sizes]) => [Number(layer), ownHeads(json, config, layer, sizes)]),
  );
  return (i) => known.get(i) ?? usual;
}

/** `global_head_dim` and, where keys are values, `num_global_key_value_heads`. */
function fullHeads(json: ConfigJson, config: DecoderConfig): HeadSizes {
  const headDim = json["global_head_dim"] === null ? config.headDim : whole(json, "global_head_dim", 1, 512);
  const key = "num_global_key_value_heads";
  const isOwn = json["attention_k_eq_v"] === true && json[key] !== undefined && json[key] !== null;
  return { headDim, kvHeads: isOwn ? dividing(whole(json, key), key, config) : config.kvHeads };
}

function ownHeads(json: ConfigJson, config: DecoderConfig, layer: string, sizes: unknown): HeadSizes {
  const name = `per_layer_config of layer ${excerpt(layer)}`;
  if (!/^\d{1,9}$/.test(layer) || !isRecord(sizes))
    throw new ModelError(`config.json: ${name} must be an object by a layer's number, got ${excerpt(sizes)}`, {
      key: "per_layer_config",
    });
  const { head_dim = config.headDim, num_key_value_heads = config.kvHeads, ...others } = sizes;
  const other = Object.keys(others).find((key) => others[key] !== json[key]);
  if (other !== undefined)
    throw new UnsupportedError(
      `config.json: ${name}: ${excerpt(other)} is not supported; head_dim and num_key_value_heads are`,
      { key: "per_layer_config", value: others[other] },
    );
  const key = "num_key_value_heads";
  const kvHeads = dividing(whole({ [key]: num_key_value_heads }, key), key, config);
  return { headDim: whole({ head_dim }, "head_dim"), kvHeads };
}

/** Heads of keys and values. Throws `ModelError` unless they divide those of queries. */
function dividing(kvHeads: number, key: string, { heads }: DecoderConfig): number {
  if (heads % kvHeads === 0) return kvHeads;
  throw new ModelError(`config.json: ${key} ${kvHeads} does not divide num_attention_heads ${heads}`, {
    key,
    value: kvHeads,
  });
}

/** Sizes of transformers' configuration that files leave out. */
const fallbacks = {
  vocab_size: 262_144,
  hidden_size: 2304,
  intermediate_size: 9216,
  num_hidden_layers: 30,
  head_dim: 256,
  num_attention_heads: 8,
  num_key_value_heads: 4,
  max_position_embeddings: 131_072,
  sliding_window: 512,
  hidden_size_per_layer_input: 256,
  vocab_size_per_layer_input: 262_144,
};

/**
 * Gemma 4's language model: layers get a vector of their own of each token, the last ones attend to keys and values of earlier ones, heads of
 * layers without a window have another size and turn in part, scores are not scaled. A file with models of pictures and sounds too is read
 * without them; experts are refused.
 */
export const gemma4: DecoderArchitecture = (given) => {
  const json: ConfigJson = { ...fallbacks, ...textConfig(given) };
  refuse(json, "enable_moe_block");
  const isBoth = word(json, "use_bidirectional_attention", ["vision", "all"]) === "all";
  const config = llamaLike({ ...json, rope_parameters: null, rope_scaling: null }, { tied: true });
  const { attention, maxPositions } = layersOf(json, config, isBoth);
  const bias = flag(json, "attention_bias", false);
  return decoder(
    {
      ...config,
      maxPositions,
      attention,
      causal: config.causal && !isBoth,
      activation: activationOf(json, "hidden_activation", "gelu_pytorch_tanh"),
      biases: { queryKeyValue: bias, attentionOutput: bias, inner: false },
      scale: 1,
      embeddingScale: Math.sqrt(config.hiddenSize),
      logitCap: capOf(json, "final_logit_softcapping"),
      valueNorm: true,
      layerScale: true,
      perLayer: vectorsOf(json, config),
    },
    namesOf(attention),
    queryKeyValue,
  );
};

/** The vectors that layers get of each token; null for a model without. */
function vectorsOf(json: ConfigJson, { vocabularySize }: DecoderConfig): DecoderConfig["perLayer"] {
  const key = "hidden_size_per_layer_input";
  const width = whole({ [key]: json[key] ?? 0 }, key, 0);
  if (width === 0) return null;
  const rows = whole(json, "vocab_size_per_layer_input");
  if (rows >= vocabularySize) return { width, rows };
  throw new UnsupportedError(
    `config.json: vocab_size_per_layer_input ${rows}: fewer than the ${vocabularySize} tokens of vocab_size are not supported`,
    { key: "vocab_size_per_layer_input", value: rows },
  );
}

function namesOf(attention: DecoderConfig["attention"]): DecoderNames {
  const names = llamaNames((path) => ({
    ...queryKeyNorms(path),
    ...normsAround(path),
    vectorGate: `${path}.per_layer_input_gate`,
    vectorOutput: `${path}.per_layer_projection`,
    vectorNorm: `${path}.post_per_layer_input_norm`,
    scale: `${path}.layer_scalar`,
  }));
  return {
    ...names,
    perLayer: {
      words: "model.embed_tokens_per_layer",
      projection: "model.per_layer_model_projection",
      norm: "model.per_layer_projection_norm",
    },
    layer(i) {
      const { keysOf, keysAreValues = false } = attention(i);
      const all = names.layer(i);
      const paths = all.queryKeyValue.paths.slice(0, keysOf !== undefined ? 1 : keysAreValues ? 2 : 3);
      return { ...all, queryKeyValue: { paths }, ...(keysOf !== undefined && { keyNorm: null }) };
    },
  };
}
