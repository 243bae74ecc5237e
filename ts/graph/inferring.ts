import type { Tensor } from "../values/tensor.js";
import type { Graph, NodeId } from "./graph.js";

/** Runs `body` in a step of the graph, without gradients and dropout; restores the graph's mode. */
export function inferring<T>(graph: Graph, body: () => T): T {
  const wasTraining = graph.training;
  graph.eval();
  try {
    return graph.step(() => graph.noGrad(body));
  } finally {
    if (wasTraining) graph.train();
  }
}

/** The value of the node that `body` computes in such a step; on a GPU a promise of it, which other calls need not wait for. */
export function inferred(graph: Graph, body: () => NodeId): Tensor | Promise<Tensor> {
  // A step cannot return a promise.
  const { value } = inferring(graph, () => ({ value: nowOrLater(graph, body()) }));
  return value;
}

/** A node's value; on a GPU a promise of the value that it has now. */
export function nowOrLater(graph: Graph, id: NodeId): Tensor | Promise<Tensor> {
  return graph.engine.readsLater ? graph.read(id) : graph.value(id);
}
