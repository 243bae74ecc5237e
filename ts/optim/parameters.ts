import { ConfigError } from "../errors/errors.js";
import type { Graph, NodeId } from "../graph/graph.js";
import { optional, or, readOptions } from "../arguments/options.js";
import { list, nonNegative } from "../arguments/settings.js";

/** Parameters with common options; options that a group omits are the optimizer's. */
export interface ParameterGroup {
  /** Variables; each may be in one group only. */
  readonly params: readonly NodeId[];
  /** Learning rate of this group. A schedule scales it together with the optimizer's. */
  readonly lr?: number;
  /** Default: the optimizer's. */
  readonly weightDecay?: number;
}

/** A group with its defaults. */
export interface ResolvedGroup {
  readonly params: readonly NodeId[];
  /** Ratio of the group's learning rate to the optimizer's, which a schedule must keep. */
  readonly lrRatio: number;
  readonly weightDecay: number;
}

/**
 * Copies groups and adds defaults. Throws `ConfigError` for nodes that are not variables, duplicates and invalid options, `StaleNodeError`
 * for nodes that are gone.
 */
export function resolveGroups(
  graph: Graph,
  params: readonly NodeId[] | readonly ParameterGroup[],
  lr: number,
  weightDecay: number,
): ResolvedGroup[] {
  nonNegative(what, "lr", lr);
  nonNegative(what, "weightDecay", weightDecay);
  const groups = list(what, "params", params, "node ids or groups");
  const given = typeof groups[0] === "object" ? Array.from(groups) : [{ params }];
  const seen = new Set<NodeId>();
  return given.map((group) => {
    const own = readOptions<Group>(`${what}: a parameter group`, group, {
      params: (_what, _name, value) => listParameters(what, graph, value as NodeId[]),
      lr: optional(nonNegative),
      weightDecay: or(weightDecay, nonNegative),
    });
    for (const id of own.params) {
      if (seen.has(id)) throw new ConfigError(`${what}: node ${id} is listed twice`, { op: what, node: id });
      seen.add(id);
    }
    if (lr === 0 && own.lr) {
      const details = { op: what, option: "lr", value: 0 };
      throw new ConfigError(`${what}: a group has its own lr, so the optimizer's must not be 0`, details);
    }
    const lrRatio = own.lr === undefined ? 1 : own.lr && own.lr / lr;
    return { params: own.params, lrRatio, weightDecay: own.weightDecay };
  });
}

const what = "optimizer";

type Group = Omit<ResolvedGroup, "lrRatio"> & { readonly lr: number | undefined };

/** A copy of a list of variables. Throws `ConfigError` for other nodes, `StaleNodeError` for nodes that are gone. */
export function listParameters(what: string, graph: Graph, params: readonly NodeId[]): NodeId[] {
  list(what, "params", params, "node ids");
  return Array.from(params, (id) => {
    const { op, requiresGrad } = graph.node(id);
    const made = op === null ? "a constant" : `the result of ${op.name}`;
    if (op !== null || !requiresGrad) {
      throw new ConfigError(`${what}: node ${id} is ${made}; pass variables`, { op: what, node: id });
    }
    return id;
  });
}
