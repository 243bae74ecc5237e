import type { LinearShape, NamedShape } from "../architecture.js";
import { linear, norm } from "../named-shapes.js";
import type { DebertaConfig } from "./config.js";

/** Module paths around the layers. */
export const paths = {
  words: "embeddings.word_embeddings",
  positions: "embeddings.position_embeddings",
  types: "embeddings.token_type_embeddings",
  projection: "embeddings.embed_proj",
  norm: "embeddings.LayerNorm",
  distances: "encoder.rel_embeddings",
  distanceNorm: "encoder.LayerNorm",
  convolution: "encoder.conv.conv",
  convolutionNorm: "encoder.conv.LayerNorm",
} as const;

/** The layer between embeddings and hidden states of another width; null where they have one width. */
export function projection({ embeddingSize, hiddenSize }: DebertaConfig): LinearShape | null {
  if (embeddingSize === hiddenSize) return null;
  return { paths: [paths.projection], inFeatures: embeddingSize, outFeatures: hiddenSize, hasBias: false };
}

/** The convolution as a product with each token's neighbours side by side, feature by feature: a file's `[out, in, size]` row by row. */
export function convolution({ hiddenSize, convolution: found }: DebertaConfig): LinearShape | null {
  if (found === null) return null;
  return { paths: [paths.convolution], inFeatures: hiddenSize * found.size, outFeatures: hiddenSize, adaptable: false };
}

/** Layer `i`'s linear layers, in the order of the forward pass. */
export function layerLinears({ hiddenSize, intermediateSize, relative }: DebertaConfig, i: number) {
  const linear = (inFeatures: number, outFeatures: number, ...names: string[]): LinearShape => ({
    paths: names.map((name) => `encoder.layer.${i}.${name}`),
    inFeatures,
    outFeatures,
  });
  const square = (...names: string[]) => linear(hiddenSize, hiddenSize, ...names.map((name) => `attention.${name}`));
  const own = relative !== null && !relative.shared;
  return {
    query: square("self.query_proj"),
    key: square("self.key_proj"),
    value: square("self.value_proj"),
    positionKey: own && relative.c2p ? square("self.pos_key_proj") : null,
    positionQuery: own && relative.p2c ? square("self.pos_query_proj") : null,
    attentionOutput: square("output.dense"),
    intermediate: linear(hiddenSize, intermediateSize, "intermediate.dense"),
    output: linear(intermediateSize, hiddenSize, "output.dense"),
  };
}

/** Every linear layer, in the order of the forward pass. */
export function* debertaLinears(config: DebertaConfig): Generator<LinearShape> {
  const first = projection(config);
  if (first !== null) yield first;
  for (let i = 0; i < config.layers; i++)
    for (const shape of Object.values(layerLinears(config, i))) if (shape !== null) yield shape;
}

/** Norms of layer `i`. */
export const layerNorms = (i: number) => ({
  attention: `encoder.layer.${i}.attention.output.LayerNorm`,
  output: `encoder.layer.${i}.output.LayerNorm`,
});

/** Every tensor that a file has, with its shape. */
export function* debertaTensors(config: DebertaConfig): Generator<NamedShape> {
  const { hiddenSize, embeddingSize, relative } = config;
  yield { name: `${paths.words}.weight`, shape: [config.vocabularySize, embeddingSize] };
  if (config.positions) yield { name: `${paths.positions}.weight`, shape: [config.maxPositions, embeddingSize] };
  if (config.typeVocabularySize > 0)
    yield { name: `${paths.types}.weight`, shape: [config.typeVocabularySize, embeddingSize], rows: 1 };
  const first = projection(config);
  if (first !== null) yield* linear(first);
  yield* norm(paths.norm, hiddenSize);
  if (relative !== null) yield { name: `${paths.distances}.weight`, shape: [2 * relative.span, hiddenSize] };
  if (relative?.norm === true) yield* norm(paths.distanceNorm, hiddenSize);
  if (config.convolution !== null) {
    yield { name: `${paths.convolution}.weight`, shape: [hiddenSize, hiddenSize, config.convolution.size] };
    yield { name: `${paths.convolution}.bias`, shape: [hiddenSize] };
    yield* norm(paths.convolutionNorm, hiddenSize);
  }
  for (let i = 0; i < config.layers; i++) {
    for (const shape of Object.values(layerLinears(config, i))) if (shape !== null) yield* linear(shape);
    for (const path of Object.values(layerNorms(i))) yield* norm(path, hiddenSize);
  }
}
