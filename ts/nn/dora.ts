import type { Graph, NodeId } from "../graph/graph.js";
import { zeros } from "../values/tensor.js";
import { type LowRank, lowRankUpdate } from "./low-rank-update.js";

/**
 * ‖W + s·A·B‖₂ of each output column, `[out]`, without a gradient: DoRA (arXiv 2402.09353, section 4.3) treats the norm as a constant in
 * the backward pass. Keeps no memory of the weight's size.
 */
function columnNorms(graph: Graph, weight: () => NodeId, update: LowRank): NodeId {
  return graph.scope(() => {
    const squares = graph.scope(() => {
      const adapted = graph.add(
        weight(),
        graph.scope(() => lowRankUpdate(graph, update)),
      );
      return graph.square(adapted);
    });
    return graph.sqrt(graph.sum(squares, { dim: 0 }));
  });
}

/** The initial magnitude, trainable: the columns' norms. They are copied where they are computed, since a GPU is not read at once. */
export function initialMagnitude(graph: Graph, weight: () => NodeId, update: LowRank): NodeId {
  const width = graph.shape(update.loraB).at(-1)!;
  const magnitude = graph.variable(zeros([width]));
  graph.step(() => {
    const norms = columnNorms(graph, weight, update);
    graph.engine.copy(graph.node(norms).value.pointer, graph.node(magnitude).value.pointer, width);
  });
  return magnitude;
}

/** DoRA's factor of each column, `[out]`: magnitude over norm. */
export function doraScale(graph: Graph, weight: () => NodeId, update: LowRank, magnitude: NodeId): NodeId {
  return graph.div(magnitude, columnNorms(graph, weight, update));
}
