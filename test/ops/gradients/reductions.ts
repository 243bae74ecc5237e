import type { Graph, NodeId } from "../../../ts/index.js";
import { one } from "./builders.js";
import type { Case, Cases } from "./check.js";
import { spaced } from "./numbers.js";

const uses = [
  { shape: [2, 3, 5], attributes: {} },
  { shape: [3, 5], attributes: { dim: -1 } },
  { shape: [2, 3, 5], attributes: { dim: 1, keepDim: true } },
  { shape: [2, 3, 5], attributes: { dim: [0, 2] } },
  { shape: [2, 3, 2, 3], attributes: { dim: [0, 2] } },
  { shape: [], attributes: {} },
] as const;

function reduction(
  apply: (graph: Graph, x: NodeId, attributes: (typeof uses)[number]["attributes"]) => NodeId,
): Case[] {
  return uses.map(({ shape, attributes }) => ({
    title: `[${shape.join(", ")}] ${JSON.stringify(attributes)}`,
    inputs: [spaced(shape)],
    apply: (graph, [x]) => apply(graph, x!, attributes),
  }));
}

const nothing = one("over no elements", [2, 0], (graph, x) => graph.sum(x, { dim: 1 }));

export const reductions = {
  amax: reduction((graph, x, attributes) => graph.amax(x, attributes)),
  amin: reduction((graph, x, attributes) => graph.amin(x, attributes)),
  mean: reduction((graph, x, attributes) => graph.mean(x, attributes)),
  normalize: [
    one("odd", [3, 5], (graph, x) => graph.normalize(x)),
    one("below eps", [2, 3], (graph, x) => graph.normalize(x, { eps: 10 })),
    one("no rows", [0, 3], (graph, x) => graph.normalize(x)),
    one("no columns", [3, 0], (graph, x) => graph.normalize(x)),
  ],
  sum: [...reduction((graph, x, attributes) => graph.sum(x, attributes)), nothing],
} satisfies Cases;
