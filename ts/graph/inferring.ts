import type { Graph } from "./graph.js";

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
