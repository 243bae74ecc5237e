import { ModelError } from "../../errors/errors.js";
import { type Activation, activationNames, type ConfigJson, epsilon, refuse, whole, word } from "../config-values.js";
import type { TransformerConfig } from "../architecture.js";
import type { RaggedBatch } from "../ragged-batch.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import { log } from "../../values/elementary.js";

/** Sizes and constants of a post-norm encoder. */
export interface EncoderConfig extends TransformerConfig {
  readonly heads: number;
  readonly intermediateSize: number;
  /** Width of the embeddings. */
  readonly embeddingSize: number;
  /** Whether a linear layer stands between embeddings and layers. */
  readonly projected: boolean;
  /** Layers that have weights of their own, where several of `layers` share some. */
  readonly ownLayers: number;
  /** Which of them layer `i` uses; default its own. */
  readonly ownLayer?: (i: number) => number;
  /** Token types that have an embedding, of which a single text uses the first; 0 for none. */
  readonly typeVocabularySize: number;
  /** Row of a text's first position. */
  readonly firstPosition: number;
  /** Token that is no text and takes no position, where positions are counted so; else null. */
  readonly paddingIndex: number | null;
  /** Rows of the table of biases by distance; 0 for none. */
  readonly distanceBuckets: number;
  readonly layerNormEps: number;
  readonly activation: Activation;
}

/** The config.json of those that follow BERT's in their names. */
export function bertLikeConfig(json: ConfigJson): EncoderConfig {
  word(json, "position_embedding_type", ["absolute"]);
  refuse(json, "is_decoder");
  const hiddenSize = whole(json, "hidden_size");
  const layers = whole(json, "num_hidden_layers");
  return checkHeads(
    {
      hiddenSize,
      layers,
      heads: whole(json, "num_attention_heads"),
      intermediateSize: whole(json, "intermediate_size"),
      embeddingSize: hiddenSize,
      projected: false,
      ownLayers: layers,
      vocabularySize: whole(json, "vocab_size"),
      // The special tokens around a text take two.
      maxPositions: whole(json, "max_position_embeddings", 2),
      typeVocabularySize: whole(json, "type_vocab_size", 1, 2),
      firstPosition: 0,
      paddingIndex: null,
      distanceBuckets: 0,
      layerNormEps: epsilon(json, "layer_norm_eps"),
      activation: word(json, "hidden_act", activationNames),
    },
    ["hidden_size", "num_attention_heads"],
  );
}

/** Throws `ModelError` where heads do not share the width evenly; `keys` are what config.json calls the two. */
export function checkHeads(config: EncoderConfig, [size, heads]: readonly [string, string]): EncoderConfig {
  if (config.hiddenSize % config.heads === 0) return config;
  throw new ModelError(`config.json: ${size} ${config.hiddenSize} is no multiple of ${heads} ${config.heads}`, {
    key: heads,
    value: config.heads,
  });
}

/** Positions that begin after the padding token's own row. Throws `ModelError` where that leaves none for a text. */
export function afterPadding(config: EncoderConfig, paddingIndex: number): EncoderConfig {
  const firstPosition = paddingIndex + 1;
  const maxPositions = config.maxPositions - firstPosition;
  if (maxPositions >= 2) return { ...config, firstPosition, maxPositions, paddingIndex };
  throw new ModelError(
    `config.json: max_position_embeddings ${config.maxPositions} leaves no two positions after pad_token_id ${paddingIndex}`,
    { key: "max_position_embeddings", value: config.maxPositions },
  );
}

/**
 * Rows of the position embeddings. Where a padding token takes no position, one that stands in a text has the row of its own
 * number, and those after it count on without it.
 */
export function positionRows(
  { ids, positions, offsets }: RaggedBatch,
  { firstPosition, paddingIndex }: Pick<EncoderConfig, "firstPosition" | "paddingIndex">,
): Int32Array {
  if (firstPosition === 0 && paddingIndex === null) return positions;
  const rows = positions.map((position) => firstPosition + position);
  if (paddingIndex === null || !ids.includes(paddingIndex)) return rows;
  for (let text = 0; text + 1 < offsets.length; text++) {
    let skipped = 0;
    for (let t = offsets[text]!; t < offsets[text + 1]!; t++) {
      if (ids[t] === paddingIndex) skipped++;
      rows[t] = ids[t] === paddingIndex ? paddingIndex : rows[t]! - skipped;
    }
  }
  return rows;
}

/** Buckets of relative positions, which transformers' MPNet has whatever config.json says. */
const BUCKETS = 32;
const MAX_DISTANCE = 128;

/** Bucket of a distance i − j of query i and key j: near ones by themselves, far ones by their logarithm (arXiv 1910.10683). */
function bucketOf(distance: number): number {
  const half = BUCKETS / 2;
  const exact = half / 2;
  const away = Math.abs(distance);
  const side = distance < 0 ? half : 0;
  if (away < exact) return side + away;
  // In float32, as transformers computes it.
  const far = Math.fround(Math.fround(log(away / exact)) / Math.fround(log(MAX_DISTANCE / exact)));
  return side + Math.min(exact + Math.trunc(Math.fround(far * (half - exact))), half - 1);
}

/** What a table `[buckets, heads]` adds to scores by head and distance: `[heads, 2·longest − 1]`, as `raggedAttention` takes it. */
export function distanceBias(graph: Graph, table: NodeId, longest: number): Float32Array {
  const [, heads] = graph.shape(table) as [number, number];
  const reach = Math.max(longest, 1) - 1;
  const columns = 2 * reach + 1;
  const bias = new Float32Array(heads * columns);
  const { data } = graph.value(table);
  for (let distance = -reach; distance <= reach; distance++) {
    const bucket = bucketOf(distance);
    for (let head = 0; head < heads; head++) bias[head * columns + distance + reach] = data[bucket * heads + head]!;
  }
  return bias;
}

/** Rows of its table that are used. */
export const DISTANCE_BUCKETS = BUCKETS;
