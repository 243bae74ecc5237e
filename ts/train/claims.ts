import { ConfigError } from "../errors/errors.js";
import type { Graph, NodeId } from "../graph/graph.js";

/** Parameters that a running `fit` changes, by graph. */
const claimed = new WeakMap<Graph, Set<NodeId>>();

/**
 * Marks parameters as being trained; the returned function ends that. Throws `ConfigError` if another run is training one of them: each
 * would overwrite the other's updates.
 */
export function claimParameters(graph: Graph, params: readonly NodeId[]): () => void {
  if (inTraining(graph, params)) {
    throw new ConfigError("fit: another fit is training these parameters; await it first, or train another adapter", {
      op: "fit",
      reason: "running",
    });
  }
  const ids = claimed.get(graph) ?? new Set<NodeId>();
  claimed.set(graph, ids);
  for (const id of params) ids.add(id);
  return () => {
    for (const id of params) ids.delete(id);
  };
}

/** Whether a running `fit` changes one of these parameters. */
export function inTraining(graph: Graph, params: readonly NodeId[]): boolean {
  const ids = claimed.get(graph);
  return ids !== undefined && params.some((id) => ids.has(id));
}
