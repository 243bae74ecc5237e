/** Calls `visit(node, parent)` for every node of a syntax tree, those that hold others first. */
export function walk(node, visit, parent = null) {
  visit(node, parent);
  for (const value of Object.values(node))
    for (const part of [value].flat()) if (typeof part?.type === "string") walk(part, visit, node);
}
