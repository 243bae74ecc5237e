import type { LinearShape, NamedShape } from "../architecture.js";
import { linear, norm } from "../named-shapes.js";
import type { EncoderConfig } from "./config.js";

/** Module paths: those of a layer, below its own. */
export interface EncoderNames {
  /** Of the layer with weights of its own that has this number. */
  readonly layer: (i: number) => string;
  readonly query: string;
  readonly key: string;
  readonly value: string;
  readonly attentionOutput: string;
  readonly attentionNorm: string;
  readonly intermediate: string;
  readonly output: string;
  readonly outputNorm: string;
  /** Between embeddings and layers. */
  readonly projection: string;
  /** What transformers puts on a text's first token, where it does: no vector here depends on it, but PEFT adapts it too. */
  readonly pooler: string | null;
}

/** BERT's own, which most took over. */
export const bertNames: EncoderNames = {
  layer: (i) => `encoder.layer.${i}`,
  query: "attention.self.query",
  key: "attention.self.key",
  value: "attention.self.value",
  attentionOutput: "attention.output.dense",
  attentionNorm: "attention.output.LayerNorm",
  intermediate: "intermediate.dense",
  output: "output.dense",
  outputNorm: "output.LayerNorm",
  projection: "embeddings_project",
  pooler: "pooler.dense",
};

/** Module paths around the layers, alike in all of them. */
export const embeddings = {
  words: "embeddings.word_embeddings",
  positions: "embeddings.position_embeddings",
  types: "embeddings.token_type_embeddings",
  norm: "embeddings.LayerNorm",
  distances: "encoder.relative_attention_bias",
} as const;

/** Layer `i`'s linear layers, in the order of the forward pass. */
export function layerLinears(config: EncoderConfig, names: EncoderNames, i: number) {
  const { hiddenSize: hidden, intermediateSize: inner } = config;
  const at = names.layer(i);
  const linear = (inFeatures: number, outFeatures: number, ...paths: string[]): LinearShape => ({
    paths: paths.map((path) => `${at}.${path}`),
    inFeatures,
    outFeatures,
  });
  return {
    queryKeyValue: linear(hidden, hidden, names.query, names.key, names.value),
    attentionOutput: linear(hidden, hidden, names.attentionOutput),
    intermediate: linear(hidden, inner, names.intermediate),
    output: linear(inner, hidden, names.output),
  };
}

/** The layer between embeddings and hidden states, where there is one. */
export function projection(config: EncoderConfig, names: EncoderNames): LinearShape | null {
  if (!config.projected) return null;
  return { paths: [names.projection], inFeatures: config.embeddingSize, outFeatures: config.hiddenSize };
}

/** The pooler, where a file may have one. */
export function pooler({ hiddenSize }: EncoderConfig, names: EncoderNames): LinearShape | null {
  return names.pooler === null ? null : { paths: [names.pooler], inFeatures: hiddenSize, outFeatures: hiddenSize };
}

/** Every linear layer, in the order of the forward pass. */
export function* encoderLinears(config: EncoderConfig, names: EncoderNames): Generator<LinearShape> {
  const first = projection(config, names);
  if (first !== null) yield first;
  for (let i = 0; i < config.ownLayers; i++) yield* Object.values(layerLinears(config, names, i));
}

/** Every tensor that an encoder has in its file, with its shape. */
export function* encoderTensors(config: EncoderConfig, names: EncoderNames): Generator<NamedShape> {
  const { hiddenSize: hidden, embeddingSize: width } = config;
  yield { name: `${embeddings.words}.weight`, shape: [config.vocabularySize, width] };
  if (config.typeVocabularySize > 0)
    yield { name: `${embeddings.types}.weight`, shape: [config.typeVocabularySize, width], rows: 1 };
  yield { name: `${embeddings.positions}.weight`, shape: [config.firstPosition + config.maxPositions, width] };
  yield* norm(embeddings.norm, width);
  const first = projection(config, names);
  if (first !== null) yield* linear(first);
  if (config.distanceBuckets > 0)
    yield { name: `${embeddings.distances}.weight`, shape: [config.distanceBuckets, config.heads] };
  for (let i = 0; i < config.ownLayers; i++) {
    for (const shape of Object.values(layerLinears(config, names, i))) yield* linear(shape);
    yield* norm(`${names.layer(i)}.${names.attentionNorm}`, hidden);
    yield* norm(`${names.layer(i)}.${names.outputNorm}`, hidden);
  }
}
