import { ModelError } from "../../errors/errors.js";
import { type Activation, activationNames } from "../activation.js";
import type { TransformerConfig } from "../architecture.js";
import { type ConfigJson, epsilon, refuse, whole, word } from "../config-values.js";

/** Sizes and constants of a post-norm encoder. */
export interface EncoderConfig extends TransformerConfig {
  readonly heads: number;
  readonly intermediateSize: number;
  /** Width of the embeddings; where it is not `hiddenSize`, a linear layer stands between. */
  readonly embeddingSize: number;
  /** Token types that have an embedding, of which a single text uses the first; 0 for none. */
  readonly typeVocabularySize: number;
  /** Row of a text's first position. */
  readonly firstPosition: number;
  /** Token that is no text and takes no position, where positions are counted so; else null. */
  readonly paddingIndex: number | null;
  readonly layerNormEps: number;
  readonly activation: Activation;
}

/** The config.json of those that follow BERT's in their names. */
export function bertLikeConfig(json: ConfigJson): EncoderConfig {
  word(json, "position_embedding_type", ["absolute"]);
  refuse(json, "is_decoder");
  const hiddenSize = whole(json, "hidden_size");
  return checkHeads(
    {
      hiddenSize,
      layers: whole(json, "num_hidden_layers"),
      heads: whole(json, "num_attention_heads"),
      intermediateSize: whole(json, "intermediate_size"),
      embeddingSize: hiddenSize,
      vocabularySize: whole(json, "vocab_size"),
      // The special tokens around a text take two.
      maxPositions: whole(json, "max_position_embeddings", 2),
      typeVocabularySize: whole(json, "type_vocab_size"),
      firstPosition: 0,
      paddingIndex: null,
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
