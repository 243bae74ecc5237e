import type { AdaptedEmbedding } from "../adapters/adapted-embedding.js";
import type { AdaptedLinear } from "../adapters/adapted-linear.js";
import type { AdaptedNorm } from "../adapters/adapted-norm.js";
import type { AdapterSelection } from "../adapters/adapter-selection.js";
import { checkOptions } from "../arguments/options.js";
import { flag } from "../arguments/settings.js";
import type { Graph, NodeId } from "../graph/graph.js";
import type { OpenTensorFile, WeightOptions } from "../io/safetensors/index.js";
import type { WeightFormat } from "../ops/product/frozen-weight.js";
import type { AdapterStep } from "./adapter-step.js";
import type { Activation } from "./config-values.js";
import type { RaggedBatch } from "./ragged-batch.js";
import type { WeightsOption } from "./stored-weights.js";

/** Sizes in every model's config.json. */
export interface TransformerConfig {
  /** Width of the last hidden state. */
  readonly hiddenSize: number;
  readonly layers: number;
  readonly vocabularySize: number;
  /** Maximum length of a text, in tokens. */
  readonly maxPositions: number;
}

/** The sizes of a training step that determine its memory. */
export interface StepSize {
  /** Sum of the texts' lengths. */
  readonly tokens: number;
  /** What the adapter adds. */
  readonly adapted: AdapterStep;
  /** Whether layers are computed again for the gradient; see `ForwardOptions.checkpointing`. Default false. */
  readonly checkpointing?: boolean | undefined;
  /** Number of first layers of which nothing is kept; default 0. */
  readonly frozenLayers?: number | undefined;
}

/** A model with its weights, as used by tasks. */
export interface TransformerModel {
  readonly config: TransformerConfig;
  /** Every linear layer, in the order of the forward pass. */
  linears(): readonly AdaptedLinear[];
  /** Norms that adapters may change. */
  readonly norms: readonly AdaptedNorm[];
  /** Tables that adapters may change, the word embeddings first. */
  readonly tables: readonly AdaptedEmbedding[];
  /** Paths of linear layers that its files lack and its vectors do not depend on. */
  readonly absent: readonly string[];
  /** Last hidden state `[tokens, hidden]`, recorded for `backward`. */
  forward(batch: RaggedBatch, selection: AdapterSelection, options?: ForwardOptions): NodeId;
  /** Computes the same bits without a gradient, in the memory of half a layer: attention or feed-forward. */
  infer(batch: RaggedBatch, selection: AdapterSelection): NodeId;
  /** Bytes of a training step's tape. */
  stepMemory(step: StepSize): number;
}

/** A tensor of a model's file, by its name without a head's prefix. */
export interface NamedShape {
  readonly name: string;
  readonly shape: readonly number[];
  /** Number of loaded rows, if not all. */
  readonly rows?: number;
  /** Whether it is `[count, out, in]`, matrices that are stored as others are, each by itself; default false. */
  readonly stacked?: boolean;
  /** Whether it is loaded in float32 whatever the matrices are; default false. */
  readonly exact?: boolean;
  /** Lists of tensors that a file without it may have in its place. */
  readonly instead?: () => readonly (readonly NamedShape[])[];
}

/** Linear layers with the same input: their module paths in PEFT, and the features of each. */
export interface LinearShape {
  readonly paths: readonly string[];
  readonly inFeatures: number;
  /** A list if they differ. */
  readonly outFeatures: number | readonly number[];
  /** Default true. */
  readonly hasBias?: boolean;
  /** Whether files have the weight as `[in, out]`, as GPT-2's do; default false. */
  readonly inFirst?: boolean;
  /** Whether adapters may change more of it than its bias; default true. */
  readonly adaptable?: boolean;
  /** Whether the weight of a language model's output layer is the word embeddings'; undefined for other layers. */
  readonly output?: "tied" | "untied";
  /** Names in the file of the tensors that are the layers' weights, stacked; default `paths`. */
  readonly tensors?: readonly string[];
}

/**
 * The head of transformers' AutoModelForSequenceClassification: a vector of each text, on most models a linear layer with an activation,
 * perhaps a norm, and the layer that computes logits.
 */
export interface HeadPlan {
  /** Prefix of the model's own names in a file with the head: "bert." */
  readonly prefix: string;
  /** The first token, all of them, or the last; "late" is the mean of what the other layers make of each token. */
  readonly pooling: "cls" | "mean" | "lasttoken" | "late";
  /** Module path of the layer before the last; without the prefix if it belongs to the model, as BERT's pooler. Empty for none. */
  readonly dense: string;
  readonly denseBias: boolean;
  readonly activation: Activation;
  /** Module path of a norm after it; null for none. */
  readonly norm: { readonly path: string; readonly hasBias: boolean; readonly eps: number } | null;
  /** Module path of the last layer. */
  readonly out: string;
  /** Whether it has a bias; default true. */
  readonly outBias?: boolean;
}

/** How weights are read. */
export interface LoadWeightOptions extends WeightOptions {
  /** Format of the matrices: of linear layers and embeddings. */
  readonly weights: WeightsOption;
}

/** Everything that follows from a config.json, before any weight is read. */
export interface ModelPlan {
  readonly config: TransformerConfig;
  /** Default target modules: query, key and value. */
  readonly targetModules: readonly string[];
  /** Default of `LoadOptions.packedCopies` for float32 weights: 1 for language models, which are mostly weights. */
  readonly packedCopies: 1 | 2;
  /** Default of `LoadOptions.weights`: a language model's depends on its size. */
  usualWeights(): WeightFormat;
  /** The head of its checkpoints for sequence classification. */
  readonly head: HeadPlan;
  /** Prefix of its tensors' names, which the file of a bare model lacks; default: none. */
  readonly base?: string;
  /** Every tensor that the file must have. Generated one by one: a config may claim more layers than memory could hold. */
  tensors(): Iterable<NamedShape>;
  /** Every linear layer, in the order of the forward pass. */
  linears(): Iterable<LinearShape>;
  /** Bytes of a batch without gradients. */
  inferenceMemory(tokens: number): number;
  /** Bytes of a training step. */
  stepMemory(step: StepSize): number;
  /**
   * Loads the weights, frozen, tensor by tensor. Throws `ModelError` before any allocation if the file does not match the config, and for
   * values that are not finite (unless `options.allowNonFinite`).
   */
  load(graph: Graph, file: OpenTensorFile, options: LoadWeightOptions): Promise<TransformerModel>;
}

/**
 * A row of `architectures.ts`: reads a parsed config.json. Throws `ModelError` for missing or invalid values, `UnsupportedError` for
 * unknown variants.
 */
export type Architecture = (json: Readonly<Record<string, unknown>>) => ModelPlan;

/** Features of each of a shape's layers. */
export const widthsOf = ({ paths, outFeatures }: Pick<LinearShape, "paths" | "outFeatures">): readonly number[] =>
  typeof outFeatures === "number" ? paths.map(() => outFeatures) : outFeatures;

/** Sum of the layers' widths. */
export const totalWidth = (shape: Pick<LinearShape, "paths" | "outFeatures">): number =>
  widthsOf(shape).reduce((sum, width) => sum + width, 0);

/** Tensors of linear layers on one input, as a file has them. */
export function linear(shape: LinearShape): NamedShape[] {
  const { paths, tensors = paths, inFeatures, hasBias = true, inFirst = false } = shape;
  const widths = widthsOf(shape);
  return tensors.flatMap((name, i) => {
    const rows = tensors.length === paths.length ? widths[i]! : totalWidth(shape) / tensors.length;
    const weight = inFirst ? [inFeatures, rows] : [rows, inFeatures];
    return [{ name: `${name}.weight`, shape: weight }, ...(hasBias ? [{ name: `${name}.bias`, shape: [rows] }] : [])];
  });
}

/** Names and shapes of a layer norm. */
export const norm = (path: string, size: number, hasBias = true): NamedShape[] => [
  { name: `${path}.weight`, shape: [size] },
  ...(hasBias ? [{ name: `${path}.bias`, shape: [size] }] : []),
];

// Heads of transformers' models for sequence classification.

const plain = { pooling: "cls", denseBias: true, norm: null, activation: "tanh" } as const;

/** BERT's: the model's pooler and one more layer. */
export const poolerHead = (prefix: string, dense = "pooler.dense"): HeadPlan => ({
  ...plain,
  prefix,
  dense,
  out: "classifier",
});

/** RoBERTa's: both layers in one module. */
export const twoLayerHead = (prefix: string): HeadPlan => ({
  ...plain,
  prefix,
  dense: "classifier.dense",
  out: "classifier.out_proj",
});

/** A second module before the last. */
export const beforeHead = (prefix: string, dense: string, rest: Partial<HeadPlan>): HeadPlan => ({
  ...plain,
  prefix,
  dense,
  out: "classifier",
  ...rest,
});

/** Options of a forward pass. */
export interface ForwardOptions {
  /**
   * Keep only each layer's result and recompute the layer for its gradient (`Graph.checkpoint`): the same bits with less memory and more
   * time. Default false.
   */
  readonly checkpointing?: boolean | undefined;
}

/** The options with their defaults. Throws `ConfigError` for invalid ones. */
export function takeForwardOptions(what: string, options: ForwardOptions): { readonly checkpointing: boolean } {
  checkOptions(what, options, ["checkpointing"]);
  return { checkpointing: flag(what, "checkpointing", options.checkpointing ?? false) };
}

/** Records a segment of a forward pass according to the options. */
export function part(
  graph: Graph,
  { checkpointing = false }: ForwardOptions,
  inputs: readonly NodeId[],
  body: (...inputs: NodeId[]) => NodeId,
): NodeId {
  return checkpointing ? graph.checkpoint(body, inputs) : body(...inputs);
}
