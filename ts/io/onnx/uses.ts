/** How a model uses a tensor: looked up by index, multiplied or added, or in both ways. */
export type TensorUse = "rows" | "product" | "both" | "none";

/** Operations that pass a tensor on, unchanged, reordered or in another type. */
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

/** How each tensor is used, from the last node backwards: each node is looked at a few times at most, however long the chains are. */
export function usesOf(users: ReadonlyMap<string, readonly Node[]>): ReadonlyMap<string, TensorUse> {
  const uses = new Map<string, TensorUse>();
  const raised: string[] = [];
  const raise = (name: string, use: TensorUse) => {
    const before = uses.get(name) ?? "none";
    if (join(before, use) === before) return;
    uses.set(name, join(before, use));
    raised.push(name);
  };
  // Nodes that only pass on: input by output.
  const inputs = new Map<Node, string[]>();
  const makers = new Map<string, Node[]>();
  for (const [name, nodes] of users)
    for (const node of nodes) {
      if (!passing.has(node.op)) raise(name, node.op === "Gather" || node.op === "GatherElements" ? "rows" : "product");
      else if (inputs.has(node)) inputs.get(node)!.push(name);
      else {
        inputs.set(node, [name]);
        for (const output of node.outputs) {
          if (makers.has(output)) makers.get(output)!.push(node);
          else makers.set(output, [node]);
        }
      }
    }
  const passed = new Map<Node, TensorUse>();
  for (let name = raised.pop(); name !== undefined; name = raised.pop())
    for (const node of makers.get(name) ?? []) {
      const before = passed.get(node) ?? "none";
      const use = join(before, uses.get(name)!);
      if (use === before) continue;
      passed.set(node, use);
      for (const input of inputs.get(node)!) raise(input, use);
    }
  return uses;
}

/** How many they are. */
export const countUsers = (name: string, users: ReadonlyMap<string, readonly Node[]>): number =>
  [...usersOf(name, users)].length;

function join(a: TensorUse, b: TensorUse): TensorUse {
  if (a === "none" || a === b) return b;
  return b === "none" ? a : "both";
}
