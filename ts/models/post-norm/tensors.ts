import type { AdaptedLinear } from "../../adapters/adapted-linear.js";
import type { NodeId } from "../../graph/graph.js";
import type { LinearShape } from "../architecture.js";
import { linearPart, normPart, type ReadTable, tablePart, typesPart, type WeightPart } from "../weight-table.js";
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

/** All weights. */
export function encoderTable(config: EncoderConfig, names: EncoderNames) {
  const { hiddenSize: hidden, embeddingSize: width, intermediateSize: inner, distanceBuckets } = config;
  const linear = (paths: readonly string[], inFeatures: number, outFeatures: number) =>
    linearPart({ paths, inFeatures, outFeatures });
  return {
    first: {
      words: tablePart("embeddings.word_embeddings", [config.vocabularySize, width]),
      type: typesPart("embeddings.token_type_embeddings", [config.typeVocabularySize, width]),
      positions: tablePart("embeddings.position_embeddings", [config.firstPosition + config.maxPositions, width]),
      embeddingNorm: normPart("embeddings.LayerNorm", width),
      /** Between embeddings and layers, where their widths differ. */
      projection: config.projected ? linear([names.projection], width, hidden) : null,
      /** Biases of scores by distance, in float32. */
      distances: distanceBuckets === 0 ? null : constantPart(DISTANCES, [distanceBuckets, config.heads]),
    },
    layers: config.ownLayers,
    layer(i: number) {
      const at = (name: string) => `${names.layer(i)}.${name}`;
      return {
        // They read one input, so they stand in one weight.
        queryKeyValue: linear([names.query, names.key, names.value].map(at), hidden, hidden),
        attentionOutput: linear([at(names.attentionOutput)], hidden, hidden),
        intermediate: linear([at(names.intermediate)], hidden, inner),
        output: linear([at(names.output)], inner, hidden),
        attentionNorm: normPart(at(names.attentionNorm), hidden),
        outputNorm: normPart(at(names.outputNorm), hidden),
      };
    },
    last: {
      pooler:
        names.pooler === null
          ? null
          : optionalLinear({ paths: [names.pooler], inFeatures: hidden, outFeatures: hidden }),
    },
  };
}

const DISTANCES = "encoder.relative_attention_bias.weight";

const constantPart = (name: string, shape: number[]): WeightPart<NodeId> => ({
  tensors: [{ name, shape }],
  read: (reader) => reader.constant(name),
});

/** A layer that not every file has. */
const optionalLinear = (shape: LinearShape): WeightPart<AdaptedLinear | null> => ({
  tensors: [],
  read: (reader) => reader.linearIfThere(shape),
});

export type EncoderWeights = ReadTable<ReturnType<typeof encoderTable>>;
export type EncoderLayer = EncoderWeights["layers"][number];
