import type { Graph, NodeId } from "../graph/graph.js";
import type { ParameterGroup } from "../optim/parameters.js";

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
