import type { LinearShape } from "../architecture.js";
import { linearPart, normPart, type ReadTable, tablePart, typesPart, type WeightPart } from "../weight-table.js";
import type { AdaptedLinear } from "../../adapters/adapted-linear.js";
import type { DebertaConfig } from "./config.js";

/** The convolution as a product with each token's neighbours side by side, feature by feature: a file's `[out, in, size]` row by row. */
function convolutionPart(path: string, { hiddenSize, convolution }: DebertaConfig): WeightPart<AdaptedLinear> | null {
  if (convolution === null) return null;
  const { size } = convolution;
  const shape = { paths: [path], inFeatures: hiddenSize * size, outFeatures: hiddenSize, adaptable: false };
  const tensors = [
    { name: `${path}.weight`, shape: [hiddenSize, hiddenSize, size] },
    { name: `${path}.bias`, shape: [hiddenSize] },
  ];
  return { ...linearPart(shape), tensors };
}

/** All weights. */
export function debertaTable(config: DebertaConfig) {
  const { hiddenSize: hidden, embeddingSize, intermediateSize: inner, relative } = config;
  const shape = (paths: string[], inFeatures: number, outFeatures: number, hasBias = true): LinearShape => {
    return { paths, inFeatures, outFeatures, hasBias };
  };
  // Layers of their own for the relative positions, where they do not go through those of the tokens.
  const own = relative !== null && !relative.shared;
  return {
    first: {
      words: tablePart("embeddings.word_embeddings", [config.vocabularySize, embeddingSize]),
      positions: config.positions
        ? tablePart("embeddings.position_embeddings", [config.maxPositions, embeddingSize])
        : null,
      type: typesPart("embeddings.token_type_embeddings", [config.typeVocabularySize, embeddingSize]),
      /** Between embeddings and hidden states of another width. */
      projection:
        embeddingSize === hidden ? null : linearPart(shape(["embeddings.embed_proj"], embeddingSize, hidden, false)),
      embeddingNorm: normPart("embeddings.LayerNorm", hidden),
      /** Relative positions. */
      distances: relative === null ? null : tablePart("encoder.rel_embeddings", [2 * relative.span, hidden]),
      distanceNorm: relative?.norm === true ? normPart("encoder.LayerNorm", hidden) : null,
      /** Of the first layer's input. */
      convolution: convolutionPart("encoder.conv.conv", config),
      convolutionNorm: config.convolution === null ? null : normPart("encoder.conv.LayerNorm", hidden),
    },
    layers: config.layers,
    layer(i: number) {
      const linear = (name: string, inFeatures = hidden, outFeatures = hidden) =>
        linearPart(shape([`encoder.layer.${i}.${name}`], inFeatures, outFeatures));
      const norm = (name: string) => normPart(`encoder.layer.${i}.${name}`, hidden);
      return {
        query: linear("attention.self.query_proj"),
        key: linear("attention.self.key_proj"),
        value: linear("attention.self.value_proj"),
        positionKey: own && relative.c2p ? linear("attention.self.pos_key_proj") : null,
        positionQuery: own && relative.p2c ? linear("attention.self.pos_query_proj") : null,
        attentionOutput: linear("attention.output.dense"),
        intermediate: linear("intermediate.dense", hidden, inner),
        output: linear("output.dense", inner),
        attentionNorm: norm("attention.output.LayerNorm"),
        outputNorm: norm("output.LayerNorm"),
      };
    },
    last: {},
  };
}

export type DebertaWeights = ReadTable<ReturnType<typeof debertaTable>>;
export type DebertaLayer = DebertaWeights["layers"][number];
