import { ConfigError } from "../errors/errors.js";
import type { Node } from "./node.js";

/** Throws `ConfigError` unless all of `leaves` can be released from a tape of `nodes`; returns them as a set. */
export function checkReleasable(leaves: readonly Node[], nodes: readonly Node[]): ReadonlySet<Node> {
  const named = new Set<Node>();
  for (const leaf of leaves) {
    if (leaf.op !== null || !leaf.persistent) {
      const made = leaf.op === null ? "was made inside a step" : `is a result of ${leaf.op.name}`;
      throw new ConfigError(`release: node ${leaf.id} ${made}`);
    }
    if (named.has(leaf)) throw new ConfigError(`release: node ${leaf.id} is named twice`);
    named.add(leaf);
  }
  for (const { id, op, inputs } of nodes) {
    const used = inputs.find((input) => named.has(input));
    if (used === undefined) continue;
    const message = `release: node ${used.id} is an input of node ${id}, the result of ${op!.name}`;
    throw new ConfigError(message);
  }
  return named;
}
