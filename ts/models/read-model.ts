import type { AdaptedEmbedding } from "../adapters/adapted-embedding.js";
import type { AdaptedLinear } from "../adapters/adapted-linear.js";
import type { AdaptedNorm } from "../adapters/adapted-norm.js";
import type { AdapterSelection } from "../adapters/adapter-selection.js";
import type { Graph, NodeId } from "../graph/graph.js";
import type { StepSize, TransformerConfig, TransformerModel } from "./architecture.js";
import type { ForwardOptions } from "./layer-checkpoint.js";
import type { RaggedBatch } from "./ragged-batch.js";

interface Weights {
  readonly linears: readonly AdaptedLinear[];
  readonly norms: readonly AdaptedNorm[];
  readonly tables: readonly AdaptedEmbedding[];
  readonly absent: readonly string[];
}

/** What a model is beside its weights. */
export interface ModelTraits {
  readonly normEps: number;
  /** Bytes that one batch takes without gradients. */
  readonly inferenceMemory: (tokens: number) => number;
  /** Bytes that the tape of one training step takes. */
  readonly stepMemory: (step: StepSize) => number;
}

/** What models have in common whose weights a table of them describes (`weight-table.ts`). */
export abstract class ReadModel<C extends TransformerConfig, W extends Weights> implements TransformerModel {
  readonly norms: readonly AdaptedNorm[];
  readonly tables: readonly AdaptedEmbedding[];
  readonly absent: readonly string[];

  constructor(
    readonly graph: Graph,
    readonly config: C,
    protected readonly weights: W,
    private readonly traits: ModelTraits,
  ) {
    ({ norms: this.norms, tables: this.tables, absent: this.absent } = weights);
  }

  abstract forward(batch: RaggedBatch, selection: AdapterSelection, options?: ForwardOptions): NodeId;
  abstract infer(batch: RaggedBatch, selection: AdapterSelection): NodeId;

  stepMemory(step: StepSize): number {
    return this.traits.stepMemory(step);
  }

  linears(): readonly AdaptedLinear[] {
    return this.weights.linears;
  }

  /** x itself where the model has no such norm. */
  protected norm(x: NodeId, norm: AdaptedNorm | null, selection: AdapterSelection): NodeId {
    return norm === null ? x : norm.forward(x, selection, this.traits.normEps);
  }
}
