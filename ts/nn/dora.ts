import type { Graph, NodeId } from "../graph/graph.js";
import { type LowRank, lowRankUpdate } from "./low-rank-update.js";

/**
 * ‖W + s·A·B‖₂ of each output column, `[out]`, without a gradient: DoRA (arXiv 2402.09353, section 4.3) treats the norm as
 * a constant in the backward pass.
 */
function columnNorms(graph: Graph, weight: NodeId, update: LowRank): NodeId {
  return graph.noGrad(() => {
    const adapted = graph.add(weight, lowRankUpdate(graph, update));
    return graph.sqrt(graph.sum(graph.square(adapted), { dim: 0 }));
  });
}

/** The magnitude a layer starts with, trainable: the norms its columns have. */
export function initialMagnitude(graph: Graph, weight: () => NodeId, update: LowRank): NodeId {
  return graph.variable(graph.step(() => graph.value(columnNorms(graph, weight(), update))));
}

/** DoRA's factor of each column, `[out]`: magnitude over norm. */
export function doraScale(graph: Graph, weight: NodeId, update: LowRank, magnitude: NodeId): NodeId {
  return graph.div(magnitude, columnNorms(graph, weight, update));
}
