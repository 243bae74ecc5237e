import type { Graph, NodeId } from "../graph/graph.js";
import type { Tensor } from "../values/tensor.js";

/** Gradients of some variables, to save them while others may use the graph. */
export const readGradients = (graph: Graph, params: readonly NodeId[]): Promise<(Tensor | null)[]> =>
  Promise.all(params.map((id) => graph.readGrad(id)));

/** Restores saved gradients. */
export function putBack(graph: Graph, params: readonly NodeId[], gradients: readonly (Tensor | null)[]): void {
  params.forEach((id, i) => {
    const node = graph.node(id);
    const gradient = gradients[i] ?? null;
    // Its memory belongs to the variable.
    node.gradient = gradient === null ? 0 : node.gradientMemory;
    if (gradient !== null) graph.engine.write(node.gradient, gradient.data, gradient.data.length);
  });
}
