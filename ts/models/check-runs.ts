import type { Graph, NodeId } from "../graph/graph.js";
import { inferred } from "../graph/inferring.js";

/**
 * On a GPU, computes a tiny input once, which compiles the shaders too. Throws `UnsupportedError`, with the kernel's name, if the model needs
 * one that does not exist there.
 */
export async function checkRuns(graph: Graph, run: () => NodeId): Promise<void> {
  if (graph.engine.readsLater) await inferred(graph, run);
}
