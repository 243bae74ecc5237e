/** How a model uses a tensor: looked up by index, multiplied or added, or in both ways. */
export type TensorUse = "rows" | "product" | "both" | "none";

/** Operations that hand a tensor on as it is, in another order or another type. */
const passing = new Set(["Transpose", "Cast", "Identity", "Reshape", "Squeeze", "Unsqueeze", "Slice", "Split"]);

/** A node of a graph, as far as its inputs' use goes. */
export interface Node {
  readonly op: string;
  readonly outputs: readonly string[];
}

/** Operations of the nodes that take a tensor, and of those that take what others only hand on; each name is looked at once. */
function* usersOf(name: string, users: ReadonlyMap<string, readonly Node[]>): Generator<string> {
  const seen = new Set([name]);
  // A set grows while it is walked.
  for (const at of seen)
    for (const { op, outputs } of users.get(at) ?? [])
      if (passing.has(op)) for (const output of outputs) seen.add(output);
      else yield op;
}

/** How those use it. */
export function useOf(name: string, users: ReadonlyMap<string, readonly Node[]>): TensorUse {
  let use: TensorUse = "none";
  for (const op of usersOf(name, users)) {
    use = join(use, op === "Gather" || op === "GatherElements" ? "rows" : "product");
    if (use === "both") break;
  }
  return use;
}

/** How many they are. */
export const countUsers = (name: string, users: ReadonlyMap<string, readonly Node[]>): number =>
  [...usersOf(name, users)].length;

function join(a: TensorUse, b: TensorUse): TensorUse {
  if (a === "none" || a === b) return b;
  return b === "none" ? a : "both";
}
