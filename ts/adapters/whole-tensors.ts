import type { NodeId } from "../graph/graph.js";
import type { AdaptedNorm } from "./adapted-norm.js";

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
  /** Whether LoRA+ decays it, as `decayTest` says. */
  readonly decays: boolean;
}

/** Which of the base's tensors PEFT's LoRA+ decays: no bias, and no weight of a layer norm, but that of a root-mean-square norm. */
export function decayTest(norms: readonly AdaptedNorm[]): (name: string) => boolean {
  const layerNorms = new Set(norms.filter(({ form }) => form === "layer").map(({ path }) => `${path}.weight`));
  return (name) => !name.endsWith(".bias") && !layerNorms.has(name);
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
