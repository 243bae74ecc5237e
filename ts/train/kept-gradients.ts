import type { Graph, NodeId } from "../graph/graph.js";

/**
 * Saves the gradients of some variables while others may use the graph; the returned function restores them.
 */
export function setAside(graph: Graph, params: readonly NodeId[]): () => void {
  const kept = params.map((id) => graph.grad(id));
  return () =>
    params.forEach((id, i) => {
      const node = graph.node(id);
      const gradient = kept[i] ?? null;
      // Its memory belongs to the variable.
      node.gradient = gradient === null ? 0 : node.gradientMemory;
      if (gradient !== null) graph.engine.write(node.gradient, gradient.data, gradient.data.length);
    });
}
