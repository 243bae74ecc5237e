import type { LinearShape, NamedShape } from "../architecture.js";
import type { EncoderConfig } from "./config.js";

/** Module paths of a layer, below its number. */
export interface LayerNames {
  /** What the layers' numbers follow: "encoder.layer". */
  readonly layers: string;
  readonly query: string;
  readonly key: string;
  readonly value: string;
  readonly attentionOutput: string;
  readonly attentionNorm: string;
  readonly intermediate: string;
  readonly output: string;
  readonly outputNorm: string;
}

/** BERT's own, which most took over. */
export const bertLayers: LayerNames = {
  layers: "encoder.layer",
  query: "attention.self.query",
  key: "attention.self.key",
  value: "attention.self.value",
  attentionOutput: "attention.output.dense",
  attentionNorm: "attention.output.LayerNorm",
  intermediate: "intermediate.dense",
  output: "output.dense",
  outputNorm: "output.LayerNorm",
};

/** Module paths around the layers, alike in all of them. */
export const embeddings = {
  words: "embeddings.word_embeddings",
  positions: "embeddings.position_embeddings",
  types: "embeddings.token_type_embeddings",
  norm: "embeddings.LayerNorm",
  projection: "embeddings_project",
} as const;

/** Layer `i`'s linear layers, in the order of the forward pass. */
export function layerLinears(config: EncoderConfig, names: LayerNames, i: number) {
  const { hiddenSize: hidden, intermediateSize: inner } = config;
  const at = `${names.layers}.${i}`;
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

/** The layer between embeddings and hidden states of another width; null where they have one width. */
export function projection({ embeddingSize, hiddenSize }: EncoderConfig): LinearShape | null {
  if (embeddingSize === hiddenSize) return null;
  return { paths: [embeddings.projection], inFeatures: embeddingSize, outFeatures: hiddenSize };
}

/** Every linear layer, in the order of the forward pass. */
export function* encoderLinears(config: EncoderConfig, names: LayerNames): Generator<LinearShape> {
  const first = projection(config);
  if (first !== null) yield first;
  for (let i = 0; i < config.layers; i++) yield* Object.values(layerLinears(config, names, i));
}

/** Every tensor that an encoder has in its file, with its shape. */
export function* encoderTensors(config: EncoderConfig, names: LayerNames): Generator<NamedShape> {
  const { hiddenSize: hidden, embeddingSize: width } = config;
  yield { name: `${embeddings.words}.weight`, shape: [config.vocabularySize, width] };
  if (config.typeVocabularySize > 0)
    yield { name: `${embeddings.types}.weight`, shape: [config.typeVocabularySize, width], rows: 1 };
  yield { name: `${embeddings.positions}.weight`, shape: [config.firstPosition + config.maxPositions, width] };
  yield* norm(embeddings.norm, width);
  const first = projection(config);
  if (first !== null) yield* linear(first);
  for (let i = 0; i < config.layers; i++) {
    for (const shape of Object.values(layerLinears(config, names, i))) yield* linear(shape);
    yield* norm(`${names.layers}.${i}.${names.attentionNorm}`, hidden);
    yield* norm(`${names.layers}.${i}.${names.outputNorm}`, hidden);
  }
}

const linear = ({ paths, inFeatures, outFeatures }: LinearShape): NamedShape[] =>
  paths.flatMap((path) => [
    { name: `${path}.weight`, shape: [outFeatures, inFeatures] },
    { name: `${path}.bias`, shape: [outFeatures] },
  ]);

const norm = (path: string, size: number): NamedShape[] => [
  { name: `${path}.weight`, shape: [size] },
  { name: `${path}.bias`, shape: [size] },
];
