import type { Graph, NodeId } from "../graph/graph.js";

/**
 * Gradients of some variables set aside while others may use the graph: what they add, or set to zero, is undone by the
 * function it gives.
 */
export function setAside(graph: Graph, params: readonly NodeId[]): () => void {
  const kept = params.map((id) => graph.grad(id));
  return () =>
    params.forEach((id, i) => {
      const node = graph.node(id);
      const gradient = kept[i] ?? null;
      // Its memory is the variable's for good.
      node.gradient = gradient === null ? 0 : node.gradientMemory;
      if (gradient !== null) graph.engine.write(node.gradient, gradient.data, gradient.data.length);
    });
}
