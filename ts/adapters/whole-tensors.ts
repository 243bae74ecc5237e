import type { NodeId } from "../graph/graph.js";

/** A tensor of the base for which an adapter has one of its own, in the model's graph. */
export interface WholeTensor {
  /** A linear layer's weight lies `[in, out]`, all others as files have them. */
  readonly node: NodeId;
  /** Name in the adapter's file. */
  readonly name: string;
  /** Whether files have it transposed. */
  readonly transposed: boolean;
  /** Whether it is trained along, or only kept: PEFT also saves tables of embeddings as they were. */
  readonly trainable: boolean;
}

/** Trained rows of a table. */
export interface TokenRows {
  /** Which rows, in the order of `rows`. */
  readonly indices: readonly number[];
  /** `[indices, width]` */
  readonly rows: NodeId;
  /** Name in the adapter's file. */
  readonly name: string;
}
