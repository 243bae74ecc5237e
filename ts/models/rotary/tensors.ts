import type { LinearShape } from "../architecture.js";
import { linearPart, normPart, type ReadTable, tablePart, typesPart } from "../weight-table.js";
import type { RotaryConfig } from "./config.js";

type Paths = Pick<LinearShape, "paths" | "tensors">;

/** What an architecture calls its modules, and its files their tensors. */
export interface RotaryNames {
  readonly words: string;
  readonly types: string;
  readonly embeddingNorm: string;
  /** Null for none. */
  readonly finalNorm: string | null;
  /** Of layer `i`. */
  readonly layer: (i: number) => LayerNames;
  /** Module path of a norm that these names call as the file does; default the same. */
  readonly normPath?: (name: string) => string;
}

/** Module paths of one layer, and where the file has other names, those of its tensors. */
interface LayerNames {
  readonly queryKeyValue: Paths;
  readonly attentionOutput: Paths;
  /** What is activated, then what it is multiplied with. */
  readonly gated: Paths;
  readonly output: Paths;
  /** Null for none. */
  readonly attentionNorm: string | null;
  readonly outputNorm: string;
}

/** All weights. */
export function rotaryTable(config: RotaryConfig, names: RotaryNames) {
  const { hiddenSize: hidden, intermediateSize: inner, attentionBias, mlpBias, normBias: hasBias } = config;
  const norm = (name: string) => normPart(names.normPath?.(name) ?? name, hidden, { hasBias, name });
  const linear = (named: Paths, inFeatures: number, columns: number, hasBias: boolean) =>
    linearPart({ ...named, inFeatures, outFeatures: columns / named.paths.length, hasBias });
  return {
    first: {
      words: tablePart(names.words, [config.vocabularySize, hidden]),
      type: typesPart(names.types, [config.typeVocabularySize, hidden]),
      embeddingNorm: norm(names.embeddingNorm),
    },
    layers: config.layers,
    layer(i: number) {
      const { queryKeyValue, attentionOutput, gated, output, attentionNorm, outputNorm } = names.layer(i);
      return {
        queryKeyValue: linear(queryKeyValue, hidden, 3 * hidden, attentionBias),
        attentionOutput: linear(attentionOutput, hidden, hidden, attentionBias),
        gated: linear(gated, hidden, 2 * inner, mlpBias),
        output: linear(output, inner, hidden, mlpBias),
        attentionNorm: attentionNorm === null ? null : norm(attentionNorm),
        outputNorm: norm(outputNorm),
      };
    },
    last: { finalNorm: names.finalNorm === null ? null : norm(names.finalNorm) },
  };
}

export type RotaryWeights = ReadTable<ReturnType<typeof rotaryTable>>;
export type RotaryLayer = RotaryWeights["layers"][number];
