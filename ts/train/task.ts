import type { Graph, NodeId } from "../graph/graph.js";
import type { ParameterGroup } from "../optim/parameters.js";

/** The summed loss of some examples, on the tape. */
export interface BatchLoss {
  /** One value: the sum over targets, so that micro-batches of unlike sizes add up right. */
  readonly sum: NodeId;
  /** Targets that count. */
  readonly targets: number;
  /** Tokens that went through the model. */
  readonly tokens: number;
}

/** Something to train: what it learns from one example `E`, and which parameters change. */
export interface Task<E> {
  /** Graph of the parameters and of every loss. */
  readonly graph: Graph;
  /** The variables that training changes, always in the same order. */
  params(): NodeId[];
  /** The same variables in the same order, where some have a learning rate or a weight decay of their own. */
  groups?(): ParameterGroup[];
  /** Records the loss of some examples; called inside a step of the graph. */
  loss(examples: readonly E[]): BatchLoss;
  /** Bytes that `loss` of these examples and its gradient take, so that they can be reserved before the first step. */
  memory?(examples: readonly E[]): number;
}
