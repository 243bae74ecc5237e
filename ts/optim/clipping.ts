import { checkGraph, type Graph, type NodeId } from "../graph/graph.js";
import type { GradientPart } from "../engine/running.js";
import { namingTraps } from "../engine/trap.js";
import { aboveZero } from "../arguments/settings.js";
import type { Pointer } from "../ops/op.js";
import { listParameters } from "./optimizer.js";

/**
 * Scales gradients so that their common 2-norm is at most `maxNorm`: g ← g·min(1, maxNorm/(norm + 1e-6)), as
 * torch.nn.utils.clip_grad_norm_. Parameters without a gradient count as zero.
 *
 * @returns the norm before clipping
 */
export function clipGradNorm(graph: Graph, params: readonly NodeId[], maxNorm: number): number {
  aboveZero("clipGradNorm", "maxNorm", maxNorm);
  const ids = listParameters("clipGradNorm", checkGraph("clipGradNorm", graph), params);
  const norm = gradNorm(graph, ids);
  const factor = maxNorm / (norm + 1e-6);
  // A NaN norm makes every gradient NaN: it must not be overlooked.
  if (!(factor >= 1)) scaleGrads(graph, ids, factor);
  return norm;
}

/**
 * `clipGradNorm` for every device: gradients are scaled when it is called, so an optimizer's step may follow at once, and the norm before that
 * comes later. On a GPU nothing is read in between. Throws as `clipGradNorm`.
 */
export async function clipGradNormLater(graph: Graph, params: readonly NodeId[], maxNorm: number): Promise<number> {
  const what = "clipGradNormLater";
  aboveZero(what, "maxNorm", maxNorm);
  const ids = listParameters(what, checkGraph(what, graph), params);
  const { engine } = graph;
  if (engine.clip === undefined) return clipGradNorm(graph, ids, maxNorm);
  return engine.clip(gradientsOf(graph, ids), maxNorm);
}

/** Where the gradients of parameters are. */
export function gradientsOf(graph: Graph, params: readonly NodeId[]): GradientPart[] {
  const gradients: GradientPart[] = [];
  eachGradient(graph, params, (size, pointer) => gradients.push({ pointer, size }));
  return gradients;
}

/** Common 2-norm of the gradients. */
export function gradNorm(graph: Graph, params: readonly NodeId[]): number {
  let sum = 0;
  eachGradient(graph, listParameters("gradNorm", checkGraph("gradNorm", graph), params), (size, gradient) => {
    sum += graph.engine.kernels.sum_of_squares(gradient, size);
  });
  return Math.sqrt(sum);
}

/** Clamps every gradient element to ±`limit`, as torch.nn.utils.clip_grad_value_. */
export function clipGradValue(graph: Graph, params: readonly NodeId[], limit: number): void {
  aboveZero("clipGradValue", "limit", limit);
  const ids = listParameters("clipGradValue", checkGraph("clipGradValue", graph), params);
  eachGradient(graph, ids, (size, gradient) => {
    graph.engine.kernels.clamp_forward(gradient, gradient, size, -limit, limit);
  });
}

/** Multiplies every gradient by `factor`. */
export function scaleGrads(graph: Graph, params: readonly NodeId[], factor: number): void {
  eachGradient(graph, params, (size, gradient) => graph.engine.kernels.scale(size, factor, gradient, gradient));
}

/** The parameters that have a gradient. */
function eachGradient(graph: Graph, params: readonly NodeId[], run: (size: number, gradient: Pointer) => void): void {
  namingTraps(() => {
    for (const id of params) {
      const { gradient, value } = graph.node(id);
      if (gradient !== 0) run(value.size, gradient);
    }
  });
}
