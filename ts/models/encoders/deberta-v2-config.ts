import { ModelError, UnsupportedError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import {
  type Activation,
  activationNames,
  type ConfigJson,
  epsilon,
  flag,
  refuse,
  whole,
  word,
} from "../config-values.js";
import type { TransformerConfig } from "../architecture.js";
import { log } from "../../values/elementary.js";

/** Sizes and constants of DeBERTa-v2, of which v3 is a pretraining. */
export interface DebertaConfig extends TransformerConfig {
  readonly heads: number;
  readonly intermediateSize: number;
  readonly embeddingSize: number;
  /** 0 for none. */
  readonly typeVocabularySize: number;
  /** Whether positions have embeddings beside their part in the scores. */
  readonly positions: boolean;
  /** How distances enter the scores; null for not at all. */
  readonly relative: RelativePositions | null;
  /** Parts of a score: 1, and one for each kind of `relative`, whether or not there is relative attention. */
  readonly scoreParts: number;
  readonly layerNormEps: number;
  readonly activation: Activation;
  /** Activation of the layer that a head begins with. */
  readonly poolerActivation: Activation;
  /** What is added to the first layer's output; null for nothing. */
  readonly convolution: Convolution | null;
}

/** A convolution of neighbouring tokens. */
interface Convolution {
  /** Tokens that it looks at, an odd number. */
  readonly size: number;
  readonly activation: Activation;
}

/** How distances enter the scores (arXiv 2006.03654, section 3.1). */
interface RelativePositions {
  /** Half the rows of their table: distance d has row d + span, or that of d's bucket. */
  readonly span: number;
  /** Buckets to a side, of which half are single distances and half grow by their logarithm; 0 for none. */
  readonly buckets: number;
  /** What the buckets reach to. */
  readonly furthest: number;
  /** Content to position, position to content. */
  readonly c2p: boolean;
  readonly p2c: boolean;
  /** Whether the layers' own key and query weights are applied to the table. */
  readonly shared: boolean;
  /** Whether the table is normalised. */
  readonly norm: boolean;
}

const kinds = ["c2p", "p2c"];

/** A list, or words with a bar between. */
function words(json: ConfigJson, key: string, known: readonly string[]): string[] {
  const value = json[key] ?? [];
  const parts: unknown[] =
    typeof value === "string" ? value.toLowerCase().split("|") : Array.isArray(value) ? value : [value];
  return parts.map((part) => {
    const name = typeof part === "string" ? part.trim() : part;
    if (known.includes(name as string)) return name as string;
    throw new UnsupportedError(
      `config.json: ${key} ${excerpt(value)} has ${excerpt(part)}; ${known.map((one) => `"${one}"`).join(", ")} are supported`,
      { key, value },
    );
  });
}

/** A whole number from 1; -1 and 0, as nothing, for none. */
const wholeOrNone = (json: ConfigJson, key: string) =>
  json[key] === -1 || json[key] === 0 || json[key] === undefined || json[key] === null ? 0 : whole(json, key);

export function debertaConfig(json: ConfigJson): DebertaConfig {
  refuse(json, "is_decoder");
  const [hiddenSize, heads] = [whole(json, "hidden_size"), whole(json, "num_attention_heads")];
  if (hiddenSize % heads !== 0)
    throw new ModelError(`config.json: hidden_size ${hiddenSize} is no multiple of num_attention_heads ${heads}`, {
      key: "num_attention_heads",
      value: heads,
    });
  if ((json["attention_head_size"] ?? hiddenSize / heads) !== hiddenSize / heads)
    throw new UnsupportedError(
      `config.json: attention_head_size ${excerpt(json["attention_head_size"])}; only hidden_size / num_attention_heads, ${hiddenSize / heads}, is supported`,
      { key: "attention_head_size", value: json["attention_head_size"] },
    );
  const maxPositions = whole(json, "max_position_embeddings", 2, 512);
  const types = words(json, "pos_att_type", kinds);
  return {
    hiddenSize,
    heads,
    layers: whole(json, "num_hidden_layers"),
    intermediateSize: whole(json, "intermediate_size"),
    embeddingSize: whole(json, "embedding_size", 1, hiddenSize),
    vocabularySize: whole(json, "vocab_size"),
    maxPositions,
    typeVocabularySize: whole(json, "type_vocab_size", 0, 0),
    positions: flag(json, "position_biased_input", true),
    relative: flag(json, "relative_attention", false) ? relativePositions(json, maxPositions, types) : null,
    scoreParts: 1 + new Set(types).size,
    layerNormEps: epsilon(json, "layer_norm_eps", 1e-7),
    activation: word(json, "hidden_act", activationNames),
    poolerActivation: word(json, "pooler_hidden_act", activationNames),
    convolution: convolutionOf(json),
  };
}

function convolutionOf(json: ConfigJson): Convolution | null {
  const size = wholeOrNone(json, "conv_kernel_size");
  if (size === 0) return null;
  // One more row would come out than tokens went in.
  if (size % 2 === 0)
    throw new ModelError(`config.json: conv_kernel_size must be odd, got ${size}`, {
      key: "conv_kernel_size",
      value: size,
    });
  const groups = whole(json, "conv_groups", 1, 1);
  if (groups > 1)
    throw new UnsupportedError(`config.json: conv_groups ${groups}; only 1 is supported`, {
      key: "conv_groups",
      value: groups,
    });
  return { size, activation: word(json, "conv_act", ["tanh", ...activationNames]) };
}

function relativePositions(json: ConfigJson, maxPositions: number, types: readonly string[]): RelativePositions {
  const furthest = wholeOrNone(json, "max_relative_positions") || maxPositions;
  const buckets = wholeOrNone(json, "position_buckets");
  const half = Math.floor(buckets / 2);
  // Distances of up to half the buckets have one each: only texts that reach beyond need the others.
  if (buckets > 0 && (half < 1 || (maxPositions - 1 > half && furthest - 1 <= half)))
    throw new ModelError(
      `config.json: position_buckets ${buckets} must be 2 or more, and half of them less than max_relative_positions ${furthest} less one`,
      { key: "position_buckets", value: buckets },
    );
  return {
    span: buckets || furthest,
    buckets,
    furthest,
    c2p: types.includes("c2p"),
    p2c: types.includes("p2c"),
    shared: flag(json, "share_att_key", false),
    norm: words(json, "norm_rel_ebd", ["none", "layer_norm"]).includes("layer_norm"),
  };
}

/** Bucket of a distance: near ones by themselves, far ones by their logarithm. In float32, as transformers computes it. */
function bucketOf(distance: number, buckets: number, furthest: number): number {
  const half = Math.floor(buckets / 2);
  const away = Math.abs(distance);
  if (away <= half) return distance;
  const log32 = (x: number) => Math.fround(log(Math.fround(x)));
  const part = Math.fround(log32(away / half) / log32((furthest - 1) / half));
  return Math.sign(distance) * (Math.ceil(Math.fround(part * (half - 1))) + half);
}

/**
 * Rows of the table of relative positions, `[2·span]`, that the distances i − j of a text have: those between the furthest, one for
 * each distance, which texts of `longest` tokens need.
 */
export function relativeRows({ span, buckets, furthest }: RelativePositions, longest: number) {
  const reach = Math.max(longest, 1) - 1;
  const rows = Int32Array.from({ length: 2 * reach + 1 }, (_, i) => {
    const distance = i - reach;
    const position = buckets > 0 ? bucketOf(distance, buckets, furthest) : distance;
    return Math.min(Math.max(position + span, 0), 2 * span - 1);
  });
  // They rise with the distance, so those in use are one range.
  const first = rows[0]!;
  return { first, end: rows.at(-1)! + 1, buckets: rows.map((row) => row - first) };
}
