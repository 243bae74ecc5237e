import type { NodeId } from "../graph/graph.js";
import type { AdapterConfig, AdapterLayer } from "../io/peft/index.js";
import type { LowRank } from "../nn/low-rank-update.js";
import type { Tensor } from "../values/tensor.js";

/** An adapter's tensor that replaces one of the base's, in the model's graph. */
export interface WholeTensor {
  /** A linear layer's weight is `[in, out]`; others are as in files. */
  readonly node: NodeId;
  /** Name in the adapter's file. */
  readonly name: string;
  /** Whether it is transposed in files. */
  readonly transposed: boolean;
  /** Whether it is trained, or only kept: PEFT also saves unchanged embedding tables. */
  readonly trainable: boolean;
  /** Whether LoRA+ applies weight decay to it, as `decayTest` decides. */
  readonly decays: boolean;
}

/** Trained rows of a table. */
export interface TokenRows {
  /** Indices of the rows, in the order of `rows`. */
  readonly indices: readonly number[];
  /** `[indices, width]` */
  readonly rows: NodeId;
  /** Name in the adapter's file. */
  readonly name: string;
}

/** An adapter's tensors for one module, in the model's graph. */
export interface AdapterWeights extends LowRank {
  readonly kind: "linear" | "embedding";
  /** B's bias `[out]`, or null. */
  readonly bias: NodeId | null;
  /** DoRA's `[out]`, or null. */
  readonly magnitude: NodeId | null;
  readonly rank: number;
  readonly alpha: number;
  /**
   * Start of PiSSA and OLoRA: the initial A₀ `[in, rank]` and −B₀ `[rank, out]`, frozen; null for others. The base stays unchanged: s·A₀·B₀ is
   * subtracted where the adapter applies, so other adapters and the base alone are not affected.
   */
  readonly taken: { readonly loraA: NodeId; readonly loraB: NodeId } | null;
}

/** What a forward pass needs of an adapter. */
export interface AppliedAdapter {
  readonly config: AdapterConfig;
  /** Tensors by module path. */
  readonly layers: ReadonlyMap<string, AdapterWeights>;
  /** Tensors that replace the base's, by the base's names. */
  readonly whole: ReadonlyMap<string, WholeTensor>;
  /** Rows that replace a table's, by its module path. */
  readonly tokens: ReadonlyMap<string, TokenRows>;
}

/** The tensors of an adapter in a graph. */
export interface AdapterParts extends AppliedAdapter {
  /** Tensors of its file that have no effect here, by their names there. */
  readonly kept: ReadonlyMap<string, Tensor>;
  /** Updates of layers that the model's files lack, by module path: they have no effect, and are written again. */
  readonly idle: ReadonlyMap<string, AdapterLayer>;
}
