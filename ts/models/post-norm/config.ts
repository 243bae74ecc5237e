import { ModelError } from "../../errors/errors.js";
import { type Activation, activationNames } from "../activation.js";
import type { TransformerConfig } from "../architecture.js";
import { type ConfigJson, epsilon, refuse, whole, word } from "../config-values.js";

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
