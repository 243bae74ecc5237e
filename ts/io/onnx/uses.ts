/** How a model uses a tensor: looked up by index, multiplied or added, or in both ways. */
export type TensorUse = "rows" | "product" | "both" | "none";

/** Operations that hand a tensor on as it is, in another order or another type. */
const passing = new Set(["Transpose", "Cast", "Identity", "Reshape", "Squeeze", "Unsqueeze", "Slice", "Split"]);

/** A node of a graph, as far as its inputs' use goes. */
export interface Node {
  readonly op: string;
  readonly outputs: readonly string[];
}

/** A use is of the nodes that take the tensor, and of those that take what others only hand on; each name is looked at once. */
export function useOf(name: string, users: ReadonlyMap<string, readonly Node[]>): TensorUse {
  const seen = new Set([name]);
  let use: TensorUse = "none";
  // A set grows while it is walked.
  for (const at of seen) {
    for (const { op, outputs } of users.get(at) ?? []) {
      if (passing.has(op)) for (const output of outputs) seen.add(output);
      else use = join(use, op === "Gather" || op === "GatherElements" ? "rows" : "product");
    }
    if (use === "both") break;
  }
  return use;
}

function join(a: TensorUse, b: TensorUse): TensorUse {
  if (a === "none" || a === b) return b;
  return b === "none" ? a : "both";
}
