import { ConfigError } from "../errors/errors.js";
import type { Node } from "./node.js";

/** Throws `ConfigError` unless all of `leaves` can be released from a tape of `nodes`; returns them as a set. */
export function checkReleasable(leaves: readonly Node[], nodes: readonly Node[]): ReadonlySet<Node> {
  const named = new Set<Node>();
  for (const leaf of leaves) {
    if (leaf.op !== null || !leaf.persistent) {
      const made =
        leaf.op === null ? "was made inside a step or scope, which ends it" : `is a result of ${leaf.op.name}`;
      throw refused(leaf, `${made}; pass constants and variables made outside steps`);
    }
    if (named.has(leaf)) throw refused(leaf, "is named twice");
    named.add(leaf);
  }
  for (const { id, op, inputs } of nodes) {
    const used = inputs.find((input) => named.has(input));
    if (used === undefined) continue;
    throw refused(used, `is an input of node ${id}, the result of ${op!.name}; end its step first`);
  }
  return named;
}

function refused({ id }: Node, why: string): ConfigError {
  return new ConfigError(`release: node ${id} ${why}`, { op: "release", node: id });
}
