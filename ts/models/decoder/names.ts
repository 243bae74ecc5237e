import type { LinearShape, NamedShape } from "../architecture.js";
import { linear, norm } from "../named-shapes.js";
import type { DecoderConfig } from "./config.js";

type Paths = Pick<LinearShape, "paths" | "tensors">;

/** Module paths of an architecture, by which its files name their tensors too. */
export interface DecoderNames {
  /** What the paths of all but the head begin with, which a bare model's file leaves out: "model." */
  readonly base: string;
  readonly words: string;
  /** Table of positions; null for none. */
  readonly positions: string | null;
  readonly finalNorm: string;
  readonly head: string;
  readonly layer: (i: number) => DecoderLayerNames;
}

/** Those of one layer; null for norms that it does not have. */
export interface DecoderLayerNames {
  /** Three layers, or one that gives all. */
  readonly queryKeyValue: Paths;
  readonly attentionOutput: Paths;
  /** What is activated and, where it is gated, what that is multiplied with: two layers, or one that gives both. */
  readonly inner: Paths;
  readonly output: Paths;
  /** Before attention, and behind it. */
  readonly attentionNorm: string | null;
  readonly attentionPostNorm: string | null;
  /** Before the inner layer, and behind it. */
  readonly innerNorm: string | null;
  readonly innerPostNorm: string | null;
  readonly queryNorm: string | null;
  readonly keyNorm: string | null;
}

/** Of a layer whose norms stand before attention and before the inner layer alone, those that it does not have. */
export const noFurtherNorms = { attentionPostNorm: null, innerPostNorm: null, queryNorm: null, keyNorm: null } as const;

/** Layer `i`'s linear layers, in the order of the forward pass. */
export function layerLinears(config: DecoderConfig, names: DecoderNames, i: number) {
  const { hiddenSize: hidden, intermediateSize: inner, heads, kvHeads, headDim, biases, inFirst, gated } = config;
  const named = names.layer(i);
  const shape = (paths: Paths, inFeatures: number, widths: readonly number[], hasBias: boolean): LinearShape => {
    const joined = widths.reduce((sum, width) => sum + width, 0);
    return {
      ...paths,
      inFeatures,
      outFeatures: paths.paths.length === widths.length ? widths : joined,
      hasBias,
      inFirst,
    };
  };
  const kv = kvHeads * headDim;
  return {
    queryKeyValue: shape(named.queryKeyValue, hidden, [heads * headDim, kv, kv], biases.queryKeyValue),
    attentionOutput: shape(named.attentionOutput, heads * headDim, [hidden], biases.attentionOutput),
    inner: shape(named.inner, hidden, gated ? [inner, inner] : [inner], biases.inner),
    output: shape(named.output, inner, [hidden], biases.inner),
  };
}

/** Every linear layer, the output layer last. */
export function* decoderLinears(config: DecoderConfig, names: DecoderNames): Generator<LinearShape> {
  for (let i = 0; i < config.layers; i++) yield* Object.values(layerLinears(config, names, i));
  yield headShape(config, names);
}

/** The output layer, which has no tensor of its own where it is tied. */
export const headShape = ({ hiddenSize, vocabularySize, tied }: DecoderConfig, names: DecoderNames): LinearShape => ({
  paths: [names.head],
  inFeatures: hiddenSize,
  outFeatures: vocabularySize,
  hasBias: false,
  output: tied ? "tied" : "untied",
});

/** Norms of layer `i` with their sizes, in the order of the forward pass. */
export function layerNorms(config: DecoderConfig, names: DecoderNames, i: number) {
  const { hiddenSize, heads, kvHeads, headDim, wholeQueryKeyNorm } = config;
  const named = names.layer(i);
  return {
    attentionNorm: [named.attentionNorm, hiddenSize],
    queryNorm: [named.queryNorm, wholeQueryKeyNorm ? heads * headDim : headDim],
    keyNorm: [named.keyNorm, wholeQueryKeyNorm ? kvHeads * headDim : headDim],
    attentionPostNorm: [named.attentionPostNorm, hiddenSize],
    innerNorm: [named.innerNorm, hiddenSize],
    innerPostNorm: [named.innerPostNorm, hiddenSize],
  } as const;
}

/** Every tensor that a file has, with its shape. */
export function* decoderTensors(config: DecoderConfig, names: DecoderNames): Generator<NamedShape> {
  const { hiddenSize, vocabularySize, maxPositions } = config;
  const hasBias = config.norm === "layer";
  yield { name: `${names.words}.weight`, shape: [vocabularySize, hiddenSize] };
  if (names.positions !== null) yield { name: `${names.positions}.weight`, shape: [maxPositions, hiddenSize] };
  for (let i = 0; i < config.layers; i++) {
    for (const shape of Object.values(layerLinears(config, names, i))) yield* linear(shape);
    for (const [path, size] of Object.values(layerNorms(config, names, i)))
      if (path !== null) yield* norm(path, size, hasBias);
  }
  yield* norm(names.finalNorm, hiddenSize, hasBias);
  if (!config.tied) yield* linear(headShape(config, names));
}
