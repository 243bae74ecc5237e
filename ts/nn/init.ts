import { zeros, type Tensor } from "../values/tensor.js";
import type { Graph } from "../graph/graph.js";
import { nonNegative } from "../arguments/settings.js";
import { normal, uniform } from "./random.js";

/** Sizes of a LoRA layer. */
export interface LoraShape {
  /** Rows of A. */
  readonly inFeatures: number;
  /** Columns of B. */
  readonly outFeatures: number;
  /** Columns of A and rows of B. */
  readonly rank: number;
}

/** Makes the initial A `[in, rank]` and B `[rank, out]`. */
export type LoraInit = (graph: Graph, shape: LoraShape) => { readonly a: Tensor; readonly b: Tensor };

/** A ~ N(0, deviation²), default deviation 1/r as PEFT's `init_lora_weights="gaussian"`; B = 0. */
export function gaussianInit(deviation?: number): LoraInit {
  if (deviation !== undefined) nonNegative("gaussianInit", "deviation", deviation);
  return (graph, { inFeatures, outFeatures, rank }) => ({
    a: normal(graph, [inFeatures, rank], deviation ?? 1 / rank),
    b: zeros([rank, outFeatures]),
  });
}

/** A ~ U(−1/√in, 1/√in), which is PEFT's default (Kaiming uniform with a = √5); B = 0. */
export function kaimingInit(): LoraInit {
  return (graph, { inFeatures, outFeatures, rank }) => ({
    a: uniform(graph, [inFeatures, rank], 1 / Math.sqrt(inFeatures)),
    b: zeros([rank, outFeatures]),
  });
}
