import { ConfigError } from "../errors/errors.js";
import type { Graph, NodeId } from "../graph/graph.js";
import type { ParameterGroup } from "../optim/optimizer.js";

/** The summed loss of some examples, on the tape. */
export interface BatchLoss {
  /** A scalar: the sum over targets, so that micro-batches of different sizes add up correctly. */
  readonly sum: NodeId;
  /** Number of targets. */
  readonly targets: number;
  /** Sum of the targets' weights, above 0, by which the mean is divided. Default: `targets`, with weights of 1. */
  readonly weight?: number;
  /** Number of tokens computed. */
  readonly tokens: number;
}

/** Something to train: its loss for examples of type `E`, and its parameters. */
export interface Task<E> {
  /** Graph of the parameters and of the losses. */
  readonly graph: Graph;
  /** The trained variables, always in the same order. */
  params(): NodeId[];
  /** Returns the same variables in the same order, in groups with their own learning rate or weight decay. */
  groups?(): ParameterGroup[];
  /** Records the loss of some examples; called inside a step of the graph. */
  loss(examples: readonly E[]): BatchLoss;
  /** Bytes that `loss` of these examples and its gradient need, to reserve them before the first step. */
  memory?(examples: readonly E[]): number;
}

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
