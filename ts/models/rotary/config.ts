import { ModelError, UnsupportedError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import type { Activation } from "../activation.js";
import type { TransformerConfig } from "../architecture.js";
import { type ConfigJson, positive, word } from "../config-values.js";

/** How a layer attends. */
export interface LayerAttention {
  /** Base of its rotation's frequencies. */
  readonly theta: number;
  /** A token sees those at most so far from it; null for all. */
  readonly window: number | null;
}

/** Sizes and constants of an encoder that turns queries and keys by their positions and has a gated inner layer. */
export interface RotaryConfig extends TransformerConfig {
  readonly heads: number;
  readonly intermediateSize: number;
  /** 0 for none. */
  readonly typeVocabularySize: number;
  /** Whether norms stand before attention and inner layer, and one after the last layer; else after each sum. */
  readonly preNorm: boolean;
  readonly attentionBias: boolean;
  readonly mlpBias: boolean;
  readonly normBias: boolean;
  readonly layerNormEps: number;
  readonly activation: Activation;
  /** Of layer `i`. */
  readonly attention: (i: number) => LayerAttention;
}

/** Throws `ModelError` where heads do not share the width evenly, or have no pairs of features. */
export function headsOf(hiddenSize: number, heads: number): number {
  if (hiddenSize % (2 * heads) === 0) return heads;
  throw new ModelError(
    `config.json: hidden_size ${hiddenSize} is no multiple of twice num_attention_heads ${heads}, whose features turn in pairs`,
    { key: "num_attention_heads", value: heads },
  );
}

/** The base of a rotation that `rope_parameters`, or a part of them, describe. Throws `UnsupportedError` for scaled ones. */
export function thetaOf(parameters: unknown, what: string, fallback: number): number {
  if (parameters === undefined || parameters === null) return fallback;
  if (typeof parameters !== "object" || Array.isArray(parameters))
    throw new ModelError(`config.json: ${what} must be an object, got ${excerpt(parameters)}`, { key: what });
  const json = parameters as ConfigJson;
  // Earlier versions of transformers wrote "type".
  word(json, json["rope_type"] === undefined ? "type" : "rope_type", ["default"]);
  if ((json["partial_rotary_factor"] ?? 1) !== 1)
    throw new UnsupportedError(
      `config.json: ${what}: partial_rotary_factor ${excerpt(json["partial_rotary_factor"])} is not supported; 1 is`,
      { key: "partial_rotary_factor" },
    );
  return positive(json, "rope_theta", fallback);
}
