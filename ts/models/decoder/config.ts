import type { NormForm } from "../../adapters/adapted-norm.js";
import { isRecord } from "../../arguments/settings.js";
import type { TransformerConfig } from "../architecture.js";
import type { Activation } from "../config-values.js";
import type { RotaryForm } from "./rotary-form.js";

/** The part of a config.json that describes the language model: of one for texts and pictures its `text_config`. */
export function textConfig<T>(json: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  const text = json["text_config"];
  if (!isRecord(text)) return json;
  const tied = json["tie_word_embeddings"];
  return { ...(text as Record<string, T>), ...(tied === undefined ? {} : { tie_word_embeddings: tied }) };
}

/** How a layer attends, or what it does instead. */
export interface LayerAttention {
  /** The rotary embedding of queries and keys; null for none. */
  readonly rotary: RotaryForm | null;
  /** A token sees those at most so far before it, and after it unless attention is causal; null for all. */
  readonly window: number | null;
  /** Tokens that its short convolution sees, each and those before it, if it has one in place of attention. */
  readonly convolution?: number;
  /** Heads of the delta rule that follows the convolution; undefined for a gated convolution alone. */
  readonly delta?: DeltaShape;
  /** Sizes, if they are not the model's. */
  readonly sizes?: LayerSizes;
  /** The layer before it whose keys and values it attends to; undefined for its own. */
  readonly keysOf?: number | undefined;
  /** Whether its values are its keys, before these are normed and rotated; default false. */
  readonly keysAreValues?: boolean;
}

/** Sizes in which layers may differ. */
export interface LayerSizes {
  /** Heads of keys and values. */
  readonly kvHeads: number;
  readonly headDim: number;
  readonly intermediateSize: number;
}

/** Heads and widths of a gated delta net. */
export interface DeltaShape {
  readonly keyHeads: number;
  readonly valueHeads: number;
  readonly keyDim: number;
  readonly valueDim: number;
}

/** A mixture of experts in place of one inner layer. */
export interface ExpertsShape {
  /** Number of experts, and of those that a token goes to. */
  readonly count: number;
  readonly chosen: number;
  /** Width of each expert's inner layer. */
  readonly width: number;
  /** Width of the inner layer that all tokens go through besides; 0 for none. */
  readonly sharedWidth: number;
  /** What makes weights of the router's logits. */
  readonly weights: "softmax" | "sigmoid";
  /** Whether a token's weights are divided by their sum. */
  readonly normed: boolean;
  /** Factor of the weights. */
  readonly factor: number;
  /** Whether a number for each expert is added to the weights for the choice alone. */
  readonly bias: boolean;
}

/** The shape of the layers with a delta rule, which are alike; undefined if there are none. */
export function deltaOf({ layers, attention }: Pick<DecoderConfig, "layers" | "attention">): DeltaShape | undefined {
  for (let i = 0; i < layers; i++) if (attention(i).delta !== undefined) return attention(i).delta;
  return undefined;
}

/** Columns of queries or keys, of values, and of what the convolution sees. */
export function deltaWidths({ keyHeads, valueHeads, keyDim, valueDim }: DeltaShape) {
  const [keys, values] = [keyHeads * keyDim, valueHeads * valueDim];
  return { keys, values, mixed: 2 * keys + values };
}

/** Numbers that a layer keeps of a sequence: the last inputs of its convolution, and the matrices of its delta rule. */
export function stateSizes(
  { convolution, delta }: LayerAttention,
  hiddenSize: number,
): [inputs: number, matrices: number] {
  if (convolution === undefined) return [0, 0];
  if (delta === undefined) return [(convolution - 1) * hiddenSize, 0];
  return [(convolution - 1) * deltaWidths(delta).mixed, deltaWidths(delta).values * delta.keyDim];
}

/**
 * Sizes and constants of a decoder: a stack of attention (or convolution) and MLP layers, which computes the next token's logits or is an
 * encoder.
 */
export interface DecoderConfig extends TransformerConfig, LayerSizes {
  readonly heads: number;
  /** Whether a token sees none after it; else it is an encoder only. */
  readonly causal: boolean;
  /** The experts of layer `i` in place of the inner layer; null, or undefined for all layers, for none. */
  readonly experts?: (i: number) => ExpertsShape | null;
  readonly norm: NormForm;
  readonly normEps: number;
  readonly activation: Activation;
  /** Whether the inner layer is gated. */
  readonly gated: boolean;
  /** Which linear layers have biases. */
  readonly biases: { readonly queryKeyValue: boolean; readonly attentionOutput: boolean; readonly inner: boolean };
  /** Whether attention and inner layer both start from the layer's input. */
  readonly parallel: boolean;
  /** Whether each query has a gate beside it, whose sigmoid is a factor of what its head attends to. */
  readonly gatedQueries: boolean;
  /** Whether a norm of queries or keys is over all heads at once; else over each. */
  readonly wholeQueryKeyNorm: boolean;
  /** Whether the joined weight has query, key and value of a head side by side; else all queries come first. */
  readonly byHead: boolean;
  /** Whether files have linear weights as `[in, out]`. */
  readonly inFirst: boolean;
  /** Attention of layer `i`. */
  readonly attention: (i: number) => LayerAttention;
  /** Factor of the scores; undefined for 1/√headDim. */
  readonly scale: number | undefined;
  /** Growth of a query's factor with its position: 1 + beta·ln(1 + ⌊position / length⌋); null for none. */
  readonly queryGrowth: { readonly beta: number; readonly length: number } | null;
  /** c of c·tanh(score / c), before hidden keys are; null for none. */
  readonly scoreCap: number | null;
  /** Factor of the words' embeddings. */
  readonly embeddingScale: number;
  /** Factor of what attention and inner layer add to the hidden state. */
  readonly residualScale: number;
  /** Factor of the logits, before their cap. */
  readonly logitScale: number;
  /** c of c·tanh(logits / c); null for none. */
  readonly logitCap: number | null;
  /** Whether heads of values are divided by their root mean square. */
  readonly valueNorm: boolean;
  /** Whether what a layer makes is multiplied by a number of the files. */
  readonly layerScale: boolean;
  /** Width of a vector that each layer gets of each token, beside the hidden state, and the rows of its table; null for none. */
  readonly perLayer: { readonly width: number; readonly rows: number } | null;
  /** Whether the words' table is the head's weight too. */
  readonly tied: boolean;
  /** What "all-linear" is in an adapter's file, if PEFT targets more than linear layers by it: experts, that transformers 4 had as such. */
  readonly allLinear?: readonly string[];
}

/** Sizes of layer `i`. */
export function sizesOf(config: LayerSizes & Pick<DecoderConfig, "attention">, i: number): LayerSizes {
  const { kvHeads, headDim, intermediateSize } = config.attention(i).sizes ?? config;
  return { kvHeads, headDim, intermediateSize };
}

/** The layers whose keys and values later ones use, in their order. */
export function keySources({ layers, attention }: Pick<DecoderConfig, "layers" | "attention">): ReadonlySet<number> {
  const sources = new Set<number>();
  for (let i = 0; i < layers; i++) {
    const { keysOf } = attention(i);
    if (keysOf !== undefined) sources.add(keysOf);
  }
  return new Set([...sources].sort((a, b) => a - b));
}

/** Whether layers keep a state of the last token alone, in place of keys and values of all. */
export function keepsState({ layers, attention }: Pick<DecoderConfig, "layers" | "attention">): boolean {
  for (let i = 0; i < layers; i++) if (attention(i).convolution !== undefined) return true;
  return false;
}

/** Experts of layer `i`; null for none. */
export const expertsOf = ({ experts }: Pick<DecoderConfig, "experts">, i: number): ExpertsShape | null =>
  experts?.(i) ?? null;

/** Width of the inner layer that all tokens go through; 0 for none. */
export const innerWidth = (config: LayerSizes & Pick<DecoderConfig, "attention" | "experts">, i: number): number =>
  expertsOf(config, i)?.sharedWidth ?? sizesOf(config, i).intermediateSize;
