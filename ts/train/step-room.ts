import type { Graph, NodeId } from "../graph/graph.js";
import { sizeOf } from "../values/shape.js";

const FLOAT = 4;

/**
 * Bytes of the tape to reserve before the first step, so that memory does not grow during training.
 * @param largest bytes of the largest micro-batch; @param accumulate number of micro-batches of a step
 */
export function roomOfStep(graph: Graph, params: readonly NodeId[], largest: number, accumulate: number): number {
  // A step's second backward keeps the first one's gradients until it has finished.
  const kept = accumulate === 1 ? 0 : FLOAT * params.reduce((sum, id) => sum + sizeOf(graph.shape(id)), 0);
  return largest + kept;
}
