import type { Graph, NodeId } from "../../../ts/index.js";
import type { Case } from "./check.js";
import { spaced, uniform } from "./numbers.js";

export type Unary = (graph: Graph, x: NodeId) => NodeId;
export type Binary = (graph: Graph, a: NodeId, b: NodeId) => NodeId;

const shapes = [[7], [3, 5], [2, 3, 1], [0, 3], []] as const;

/** A function of one tensor at odd, scalar and empty shapes. */
export function unary(apply: Unary, low = -2, high = 2): Case[] {
  return shapes.map((shape) => ({
    title: `[${shape.join(", ")}]`,
    inputs: [uniform(shape, low, high)],
    apply: (graph, [x]) => apply(graph, x!),
  }));
}

/** As `unary`, kinks avoided. */
export function kinked(apply: Unary): Case[] {
  return shapes.map((shape) => ({
    title: `[${shape.join(", ")}]`,
    inputs: [spaced(shape)],
    apply: (graph, [x]) => apply(graph, x!),
  }));
}

const broadcasts = [
  [
    [3, 5],
    [3, 5],
  ],
  [[3, 5], [5]],
  [
    [3, 5],
    [3, 1],
  ],
  [[5], [2, 3, 5]],
  [
    [3, 1],
    [1, 5],
  ],
  [
    [2, 1, 3],
    [4, 1],
  ],
  [[2, 3], []],
  [
    [2, 1, 3, 1, 2],
    [1, 3, 1, 2, 1],
  ],
  [[0, 3], [3]],
  [
    [2, 0],
    [1, 1],
  ],
] as const;

/** A function of two tensors over all kinds of broadcasting. */
export function binary(apply: Binary, low = -2, high = 2): Case[] {
  return broadcasts.map(([a, b]) => ({
    title: `[${a.join(", ")}] and [${b.join(", ")}]`,
    inputs: [uniform(a, low, high, 1), uniform(b, low, high, 2)],
    apply: (graph, [x, y]) => apply(graph, x!, y!),
  }));
}

/** As `binary`, ties avoided. */
export function ordered(apply: Binary): Case[] {
  return broadcasts.map(([a, b]) => ({
    title: `[${a.join(", ")}] and [${b.join(", ")}]`,
    inputs: [spaced(a), spaced(b, 0.15)],
    apply: (graph, [x, y]) => apply(graph, x!, y!),
  }));
}

/** One input of a shape, one use. */
export function one(title: string, shape: readonly number[], apply: Unary): Case {
  return { title, inputs: [uniform(shape)], apply: (graph, [x]) => apply(graph, x!) };
}
