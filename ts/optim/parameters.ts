import { ConfigError } from "../errors.js";
import { excerpt } from "../excerpt.js";
import type { Graph, NodeId } from "../graph/graph.js";
import { checkOptions } from "../options.js";
import { nonNegative } from "../settings.js";

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

const names = ["params", "lr", "weightDecay"];

/**
 * Fills in groups, copied. Throws `ConfigError` for what is no variable, parameters named twice, and settings that make no
 * sense; `StaleNodeError` for nodes that are gone.
 */
export function resolveGroups(
  graph: Graph,
  params: readonly NodeId[] | readonly ParameterGroup[],
  lr: number,
  weightDecay: number,
): ResolvedGroup[] {
  nonNegative("optimizer", "lr", lr);
  nonNegative("optimizer", "weightDecay", weightDecay);
  const seen = new Set<NodeId>();
  return groupsOf(params).map((group) => {
    checkOptions("optimizer: a parameter group", group, names);
    const { params: given, lr: ownRate, weightDecay: decay = weightDecay } = group;
    const ids = listParameters("optimizer", graph, given);
    for (const id of ids) {
      if (seen.has(id)) throw new ConfigError(`optimizer: node ${id} is listed twice`, { id });
      seen.add(id);
    }
    nonNegative("optimizer", "weightDecay", decay);
    nonNegative("optimizer", "lr", ownRate ?? lr);
    if (lr === 0 && ownRate)
      throw new ConfigError("optimizer: a group has its own lr, so the optimizer's must not be 0");
    return { params: ids, lrRatio: ownRate === undefined ? 1 : lr === 0 ? 0 : ownRate / lr, weightDecay: decay };
  });
}

/** The groups of a list of groups; a list of ids is one group. */
function groupsOf(params: readonly NodeId[] | readonly ParameterGroup[]): readonly ParameterGroup[] {
  if (!Array.isArray(params)) {
    throw new ConfigError(`optimizer: params is a list of node ids or of groups, got ${excerpt(params)}`);
  }
  return typeof params[0] === "object" ? Array.from(params as ParameterGroup[]) : [{ params: params as NodeId[] }];
}

/** A copy of a list of variables. Throws `ConfigError` for what is none, `StaleNodeError` for nodes that are gone. */
export function listParameters(what: string, graph: Graph, params: readonly NodeId[]): NodeId[] {
  if (!Array.isArray(params)) throw new ConfigError(`${what}: params is a list of node ids, got ${excerpt(params)}`);
  const ids: NodeId[] = [];
  for (let i = 0; i < params.length; i++) {
    const id = params[i] as NodeId;
    const { op, requiresGrad } = graph.node(id);
    if (op !== null) {
      throw new ConfigError(`${what}: node ${id} is the result of ${op.name}; pass variables, made by graph.variable`, {
        id,
      });
    }
    if (!requiresGrad) throw new ConfigError(`${what}: node ${id} is a constant; pass variables`, { id });
    ids.push(id);
  }
  return ids;
}
