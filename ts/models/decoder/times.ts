import type { Graph, NodeId } from "../../graph/graph.js";

/** x times a number. */
export const times = (graph: Graph, x: NodeId, factor: number): NodeId =>
  factor === 1 ? x : graph.mul(x, graph.constant({ shape: [], data: Float32Array.of(factor) }));
