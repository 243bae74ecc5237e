import type { LinearShape, NamedShape } from "../architecture.js";
import { linear, norm } from "../named-shapes.js";
import type { RotaryConfig } from "./config.js";

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
export interface LayerNames {
  readonly queryKeyValue: Pick<LinearShape, "paths" | "tensors">;
  readonly attentionOutput: Pick<LinearShape, "paths" | "tensors">;
  /** What is activated, then what it is multiplied with. */
  readonly gated: Pick<LinearShape, "paths" | "tensors">;
  readonly output: Pick<LinearShape, "paths" | "tensors">;
  /** Null for none. */
  readonly attentionNorm: string | null;
  readonly outputNorm: string;
}

/** Layer `i`'s linear layers, in the order of the forward pass. */
export function layerLinears(config: RotaryConfig, names: RotaryNames, i: number) {
  const { hiddenSize: hidden, intermediateSize: inner, attentionBias, mlpBias } = config;
  const { queryKeyValue, attentionOutput, gated, output } = names.layer(i);
  const shape = (
    named: Pick<LinearShape, "paths" | "tensors">,
    inFeatures: number,
    columns: number,
    hasBias: boolean,
  ): LinearShape => ({ ...named, inFeatures, outFeatures: columns / named.paths.length, hasBias });
  return {
    queryKeyValue: shape(queryKeyValue, hidden, 3 * hidden, attentionBias),
    attentionOutput: shape(attentionOutput, hidden, hidden, attentionBias),
    gated: shape(gated, hidden, 2 * inner, mlpBias),
    output: shape(output, inner, hidden, mlpBias),
  };
}

export function* rotaryLinears(config: RotaryConfig, names: RotaryNames): Generator<LinearShape> {
  for (let i = 0; i < config.layers; i++) yield* Object.values(layerLinears(config, names, i));
}

/** Every tensor that a file has, with its shape. */
export function* rotaryTensors(config: RotaryConfig, names: RotaryNames): Generator<NamedShape> {
  const { hiddenSize: hidden, normBias } = config;
  yield { name: `${names.words}.weight`, shape: [config.vocabularySize, hidden] };
  if (config.typeVocabularySize > 0)
    yield { name: `${names.types}.weight`, shape: [config.typeVocabularySize, hidden], rows: 1 };
  yield* norm(names.embeddingNorm, hidden, normBias);
  for (let i = 0; i < config.layers; i++) {
    for (const shape of Object.values(layerLinears(config, names, i))) yield* linear(shape);
    const { attentionNorm, outputNorm } = names.layer(i);
    if (attentionNorm !== null) yield* norm(attentionNorm, hidden, normBias);
    yield* norm(outputNorm, hidden, normBias);
  }
  if (names.finalNorm !== null) yield* norm(names.finalNorm, hidden, normBias);
}
