import type { Activation } from "./activation.js";
import type { AdapterStep } from "./adapter-step.js";
import type { Graph, NodeId } from "../graph/graph.js";
import type { OpenTensorFile, WeightOptions } from "../io/safetensors/index.js";
import type { WeightsOption } from "./stored-weights.js";
import type { AdaptedEmbedding } from "../adapters/adapted-embedding.js";
import type { AdaptedLinear } from "../adapters/adapted-linear.js";
import type { AdaptedNorm } from "../adapters/adapted-norm.js";
import type { AdapterSelection } from "../adapters/adapter-selection.js";
import type { ForwardOptions } from "./layer-checkpoint.js";
import type { RaggedBatch } from "./ragged-batch.js";

/** What every model's config.json says, whatever its architecture. */
export interface TransformerConfig {
  /** Width of the last hidden state. */
  readonly hiddenSize: number;
  readonly layers: number;
  readonly vocabularySize: number;
  /** Longest text, in tokens. */
  readonly maxPositions: number;
}

/** A training step, as far as its memory depends on it. */
export interface StepSize {
  /** The sum of the texts' lengths. */
  readonly tokens: number;
  /** What the adapter adds. */
  readonly adapted: AdapterStep;
  /** As `ForwardOptions.checkpointing`; default false. */
  readonly checkpointing?: boolean | undefined;
  /** Layers from the first on that nothing is kept of, where a model can have such; default 0. */
  readonly frozenLayers?: number | undefined;
}

/** A model with its weights, as tasks see it. */
export interface TransformerModel {
  readonly config: TransformerConfig;
  /** Every linear layer, in the order of the forward pass. */
  linears(): readonly AdaptedLinear[];
  /** Norms that an adapter may change. */
  readonly norms: readonly AdaptedNorm[];
  /** Tables that an adapter may change, that of the words first. */
  readonly tables: readonly AdaptedEmbedding[];
  /** Paths of linear layers that its files lack and its vectors do not depend on. */
  readonly absent: readonly string[];
  /** Last hidden state `[tokens, hidden]`, recorded for `backward`. */
  forward(batch: RaggedBatch, selection: AdapterSelection, options?: ForwardOptions): NodeId;
  /** The same to the bit without a gradient, in the memory of half a layer: attention or feed-forward. */
  infer(batch: RaggedBatch, selection: AdapterSelection): NodeId;
  /** Bytes that the tape of one training step takes. */
  stepMemory(step: StepSize): number;
}

/** A tensor of a model's file, by its name without what a head puts before it. */
export interface NamedShape {
  readonly name: string;
  readonly shape: readonly number[];
  /** Rows that are loaded, where not all are. */
  readonly rows?: number;
}

/** Linear layers on one input: their module paths, as PEFT has them, and the features of each. */
export interface LinearShape {
  readonly paths: readonly string[];
  readonly inFeatures: number;
  /** A list where they are not alike. */
  readonly outFeatures: number | readonly number[];
  /** Default true. */
  readonly hasBias?: boolean;
  /** Whether files have the weight as `[in, out]`, as GPT-2's do; default false. */
  readonly inFirst?: boolean;
  /** Whether adapters may change more of it than its bias; default true. */
  readonly adaptable?: boolean;
  /** Whether it gives a language model's logits, and then whether its weight is the table of words; default neither. */
  readonly output?: "tied" | "untied";
  /** What a file calls the tensors that, one below the other, are the layers' weights; default `paths`. */
  readonly tensors?: readonly string[];
}

/**
 * What transformers' AutoModelForSequenceClassification puts on the model: a vector of each text, one linear layer with an
 * activation on it, perhaps a norm, and the layer that gives logits.
 */
export interface HeadPlan {
  /** What a file puts before the model's own names beside the head's: "bert." */
  readonly prefix: string;
  /** The first token, or all of them. */
  readonly pooling: "cls" | "mean";
  /** Module path of the layer before the last; where the model has it itself, as BERT its pooler, without the prefix. */
  readonly dense: string;
  readonly denseBias: boolean;
  readonly activation: Activation;
  /** Module path of a norm behind it; null for none. */
  readonly norm: { readonly path: string; readonly hasBias: boolean; readonly eps: number } | null;
  /** Module path of the last layer. */
  readonly out: string;
}

/** How weights are read and kept. */
export interface LoadWeightOptions extends WeightOptions {
  /** Format of the matrices: of linear layers and embeddings. */
  readonly weights: WeightsOption;
}

/** What a config.json comes to, before any weight is read. */
export interface ModelPlan {
  readonly config: TransformerConfig;
  /** Modules that an adapter adapts where nothing else is said: query, key and value. */
  readonly targetModules: readonly string[];
  /** The head of its checkpoints for sequence classification. */
  readonly head: HeadPlan;
  /** What the names of its tensors begin with that the file of a bare model leaves out; default nothing. */
  readonly base?: string;
  /** Every tensor that the file must have. One by one: a config may speak of more layers than anything could hold. */
  tensors(): Iterable<NamedShape>;
  /** Every linear layer, in the order of the forward pass. */
  linears(): Iterable<LinearShape>;
  /** Bytes that one batch takes without gradients. */
  inferenceMemory(tokens: number): number;
  /** As the model's. */
  stepMemory(step: StepSize): number;
  /**
   * Loads the weights, frozen, tensor by tensor. Throws `ModelError` where the file does not have what the config calls for,
   * before anything is allocated, and for values that are not finite (`options.allowNonFinite` accepts those).
   */
  load(graph: Graph, file: OpenTensorFile, options: LoadWeightOptions): Promise<TransformerModel>;
}

/**
 * A row of `architectures.ts`: reads a parsed config.json. Throws `ModelError` for missing or senseless values,
 * `UnsupportedError` for variants that are not there.
 */
export type Architecture = (json: Readonly<Record<string, unknown>>) => ModelPlan;
