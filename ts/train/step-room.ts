import type { Graph, NodeId } from "../graph/graph.js";
import { sizeOf } from "../values/shape.js";

const FLOAT = 4;

/**
 * Bytes of the tape that are to be had before the first step, so that memory does not grow in the middle of training.
 * @param largest bytes of the largest micro-batch; @param accumulate micro-batches a step is cut into
 */
export function roomOfStep(graph: Graph, params: readonly NodeId[], largest: number, accumulate: number): number {
  // A second backward of a step keeps the gradients of the first until it has come to its end.
  const kept = accumulate === 1 ? 0 : FLOAT * params.reduce((sum, id) => sum + sizeOf(graph.shape(id)), 0);
  return largest + kept;
}
