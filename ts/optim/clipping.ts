import { checkGraph, type Graph, type NodeId } from "../graph/graph.js";
import { aboveZero } from "../arguments/settings.js";
import { listParameters } from "./parameters.js";

/**
 * Scales gradients so that their common 2-norm is at most `maxNorm`: g ← g·min(1, maxNorm/(norm + 1e-6)), as
 * torch.nn.utils.clip_grad_norm_. Parameters without a gradient count as zero.
 *
 * @returns the norm before clipping
 */
export function clipGradNorm(graph: Graph, params: readonly NodeId[], maxNorm: number): number {
  aboveZero("clipGradNorm", "maxNorm", maxNorm);
  const norm = gradNorm(graph, params);
  const factor = maxNorm / (norm + 1e-6);
  // A NaN norm makes every gradient NaN: none may pass as if it were small.
  if (!(factor >= 1)) scaleGrads(graph, params, factor);
  return norm;
}

/** Common 2-norm of the gradients. */
export function gradNorm(graph: Graph, params: readonly NodeId[]): number {
  let sum = 0;
  for (const id of listParameters("gradNorm", checkGraph("gradNorm", graph), params)) {
    const { gradient, value } = graph.node(id);
    if (gradient !== 0) sum += graph.engine.kernels.sum_of_squares(gradient, value.size);
  }
  return Math.sqrt(sum);
}

/** Holds every gradient element within ±`limit`, as torch.nn.utils.clip_grad_value_. */
export function clipGradValue(graph: Graph, params: readonly NodeId[], limit: number): void {
  aboveZero("clipGradValue", "limit", limit);
  for (const id of listParameters("clipGradValue", checkGraph("clipGradValue", graph), params)) {
    const { gradient, value } = graph.node(id);
    if (gradient !== 0) graph.engine.kernels.clamp_forward(gradient, gradient, value.size, -limit, limit);
  }
}

/** Multiplies every gradient by `factor`. */
export function scaleGrads(graph: Graph, params: readonly NodeId[], factor: number): void {
  for (const id of params) {
    const { gradient, value } = graph.node(id);
    if (gradient !== 0) graph.engine.kernels.scale(value.size, factor, gradient, gradient);
  }
}
