import type { Graph, NodeId } from "../graph/graph.js";

/**
 * ‖W + s·A·B‖₂ of each output column, `[out]`, without a gradient: DoRA (arXiv 2402.09353, section 4.3) treats the norm as
 * a constant in the backward pass.
 */
export function columnNorms(graph: Graph, weight: NodeId, loraA: NodeId, loraB: NodeId, scaling: number): NodeId {
  return graph.noGrad(() => {
    const s = graph.constant({ shape: [], data: Float32Array.of(scaling) });
    const adapted = graph.add(weight, graph.mul(graph.matmul(loraA, loraB), s));
    return graph.sqrt(graph.sum(graph.square(adapted), { dim: 0 }));
  });
}
