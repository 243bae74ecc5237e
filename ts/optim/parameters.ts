import { ConfigError } from "../errors.js";
import type { Graph, NodeId } from "../graph/graph.js";

/** Parameters that share settings; what a group leaves out is the optimizer's. */
export interface ParameterGroup {
  /** Variables; none may stand in two groups. */
  readonly params: readonly NodeId[];
  /** Learning rate of this group. A schedule scales it along with the optimizer's. */
  readonly lr?: number;
  /** Default the optimizer's. */
  readonly weightDecay?: number;
}

/** A group with its settings filled in. */
export interface ResolvedGroup {
  readonly params: readonly NodeId[];
  /** The group's learning rate over the optimizer's: LoRA+ gives B more than A, and a schedule must keep that. */
  readonly lrRatio: number;
  readonly weightDecay: number;
}

/** Fills in groups. Throws `ConfigError` for frozen parameters, parameters named twice, and settings that make no sense. */
export function resolveGroups(
  graph: Graph,
  params: readonly NodeId[] | readonly ParameterGroup[],
  lr: number,
  weightDecay: number,
): ResolvedGroup[] {
  nonNegative("lr", lr);
  const isGroups = params.some((entry) => typeof entry === "object");
  const groups = isGroups ? (params as readonly ParameterGroup[]) : [{ params: params as readonly NodeId[] }];
  const seen = new Set<NodeId>();
  return groups.map((group) => {
    for (const id of group.params) {
      if (!graph.requiresGrad(id)) throw new ConfigError(`optimizer: node ${id} is a constant; pass variables`, { id });
      if (seen.has(id)) throw new ConfigError(`optimizer: node ${id} is listed twice`, { id });
      seen.add(id);
    }
    nonNegative("weightDecay", group.weightDecay ?? weightDecay);
    nonNegative("lr", group.lr ?? lr);
    if (lr === 0 && group.lr)
      throw new ConfigError("optimizer: a group has its own lr, so the optimizer's must not be 0");
    return {
      params: group.params,
      lrRatio: group.lr === undefined ? 1 : lr === 0 ? 0 : group.lr / lr,
      weightDecay: group.weightDecay ?? weightDecay,
    };
  });
}

/** Throws `ConfigError` unless `value` is a finite number from 0. */
export function nonNegative(name: string, value: number): void {
  if (!(Number.isFinite(value) && value >= 0)) {
    throw new ConfigError(`optimizer: ${name} is a number from 0, got ${String(value)}`, { [name]: value });
  }
}
