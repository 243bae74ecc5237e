import type { NodeId } from "../graph/graph.js";
import type { AdaptedNorm } from "./adapted-norm.js";

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

/** The tensors to which PEFT's LoRA+ applies weight decay: no biases, and no layer norms' weights; but RMS norms' weights. */
export function decayTest(norms: readonly AdaptedNorm[]): (name: string) => boolean {
  const layerNorms = new Set(norms.filter(({ form }) => form === "layer").map(({ path }) => `${path}.weight`));
  return (name) => !name.endsWith(".bias") && !layerNorms.has(name);
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
