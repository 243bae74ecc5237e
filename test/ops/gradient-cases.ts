import type { Graph, NodeId } from "../../ts/index.js";
import type { ops } from "../../ts/ops/index.js";
import { spaced, uniform, type Case } from "./gradient-check.js";

type Unary = (graph: Graph, x: NodeId) => NodeId;
type Binary = (graph: Graph, a: NodeId, b: NodeId) => NodeId;

const shapes = [[7], [3, 5], [2, 3, 1], [0, 3], []] as const;

/** A function of one tensor at odd, scalar and empty shapes. */
function unary(apply: Unary, low = -2, high = 2): Case[] {
  return shapes.map((shape) => ({
    title: `[${shape.join(", ")}]`,
    inputs: [uniform(shape, low, high)],
    apply: (graph, [x]) => apply(graph, x!),
  }));
}

/** As `unary`, kinks avoided. */
function kinked(apply: Unary): Case[] {
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
function binary(apply: Binary, low = -2, high = 2): Case[] {
  return broadcasts.map(([a, b]) => ({
    title: `[${a.join(", ")}] and [${b.join(", ")}]`,
    inputs: [uniform(a, low, high, 1), uniform(b, low, high, 2)],
    apply: (graph, [x, y]) => apply(graph, x!, y!),
  }));
}

/** As `binary`, ties avoided. */
function ordered(apply: Binary): Case[] {
  return broadcasts.map(([a, b]) => ({
    title: `[${a.join(", ")}] and [${b.join(", ")}]`,
    inputs: [spaced(a), spaced(b, 0.15)],
    apply: (graph, [x, y]) => apply(graph, x!, y!),
  }));
}

/** One input of a shape, one use. */
function one(title: string, shape: readonly number[], apply: Unary): Case {
  return { title, inputs: [uniform(shape)], apply: (graph, [x]) => apply(graph, x!) };
}

const reductions = [
  { shape: [2, 3, 5], attributes: {} },
  { shape: [3, 5], attributes: { dim: -1 } },
  { shape: [2, 3, 5], attributes: { dim: 1, keepDim: true } },
  { shape: [2, 3, 5], attributes: { dim: [0, 2] } },
  { shape: [2, 3, 2, 3], attributes: { dim: [0, 2] } },
  { shape: [], attributes: {} },
] as const;

function reduction(
  apply: (graph: Graph, x: NodeId, attributes: (typeof reductions)[number]["attributes"]) => NodeId,
): Case[] {
  return reductions.map(({ shape, attributes }) => ({
    title: `[${shape.join(", ")}] ${JSON.stringify(attributes)}`,
    inputs: [spaced(shape)],
    apply: (graph, [x]) => apply(graph, x!, attributes),
  }));
}

const nothing = one("over no elements", [2, 0], (graph, x) => graph.sum(x, { dim: 1 }));

/** Inputs at which every op is differentiated. A new op does not compile until it has a row here. */
export const gradientCases: Record<keyof typeof ops, Case[]> = {
  abs: kinked((graph, x) => graph.abs(x)),
  add: binary((graph, a, b) => graph.add(a, b)),
  amax: reduction((graph, x, attributes) => graph.amax(x, attributes)),
  amin: reduction((graph, x, attributes) => graph.amin(x, attributes)),
  clamp: kinked((graph, x) => graph.clamp(x, { min: -0.35, max: 0.55 })),
  concat: [
    {
      title: "along the middle, one part empty",
      inputs: [uniform([2, 3, 2]), uniform([2, 0, 2]), uniform([2, 1, 2], -2, 2, 2)],
      apply: (graph, parts) => graph.concat(parts, 1),
    },
    { title: "one part", inputs: [uniform([3])], apply: (graph, parts) => graph.concat(parts, -1) },
  ],
  cos: unary((graph, x) => graph.cos(x)),
  div: binary((graph, a, b) => graph.div(a, b), 0.5, 2),
  erf: unary((graph, x) => graph.erf(x)),
  exp: unary((graph, x) => graph.exp(x)),
  expand: [
    one("repeats in front and in the middle", [3, 1], (graph, x) => graph.expand(x, [2, 3, 4])),
    one("keeps -1", [1, 3], (graph, x) => graph.expand(x, [5, -1])),
    one("to nothing", [1, 3], (graph, x) => graph.expand(x, [0, 3])),
  ],
  gather: [
    one("repeats", [3, 4], (graph, x) => graph.gather(x, { dim: 1, indices: [0, 3, 3, 1, 2, 2], shape: [3, 2] })),
    one("nothing", [2, 3], (graph, x) => graph.gather(x, { dim: 0, indices: [], shape: [0, 3] })),
  ],
  indexSelect: [
    one("repeats", [2, 5, 3], (graph, x) => graph.indexSelect(x, { dim: 1, indices: [4, 0, 4] })),
    one("nothing", [2, 3], (graph, x) => graph.indexSelect(x, { dim: -1, indices: [] })),
  ],
  linear: [
    {
      title: "with a bias",
      inputs: [uniform([2, 3, 5]), uniform([5, 7], -1, 1, 2), uniform([7], -1, 1, 3)],
      apply: (graph, [x, w, b]) => graph.linear(x!, w!, b),
    },
    {
      title: "without",
      inputs: [uniform([3, 5]), uniform([5, 1], -1, 1, 2)],
      apply: (graph, [x, w]) => graph.linear(x!, w!),
    },
    {
      title: "of no rows",
      inputs: [uniform([0, 5]), uniform([5, 2]), uniform([2])],
      apply: (graph, [x, w, b]) => graph.linear(x!, w!, b),
    },
    {
      title: "of no columns",
      inputs: [uniform([3, 0]), uniform([0, 2]), uniform([2])],
      apply: (graph, [x, w, b]) => graph.linear(x!, w!, b),
    },
  ],
  log: unary((graph, x) => graph.log(x), 0.5, 3),
  loraLinear: [
    {
      title: "one adapter, bias",
      inputs: [
        uniform([3, 5]),
        uniform([5, 7], -1, 1, 2),
        uniform([7], -1, 1, 3),
        uniform([5, 2], -1, 1, 4),
        uniform([2, 7], -1, 1, 5),
      ],
      apply: (graph, inputs) =>
        graph.loraLinear(inputs, { bias: true, adapterInput: false, adapters: [{ start: 0, width: 7, scaling: 0.7 }] }),
      frozen: [1],
    },
    {
      title: "adapters on the first and last columns, no bias",
      inputs: [
        uniform([2, 2, 3]),
        uniform([3, 9], -1, 1, 2),
        uniform([3, 2], -1, 1, 4),
        uniform([2, 3], -1, 1, 5),
        uniform([3, 1], -1, 1, 6),
        uniform([1, 4], -1, 1, 7),
      ],
      apply: (graph, inputs) => {
        const adapters = [
          { start: 0, width: 3, scaling: 2 },
          { start: 5, width: 4, scaling: -0.5 },
        ];
        return graph.loraLinear(inputs, { bias: false, adapterInput: false, adapters });
      },
      frozen: [1],
    },
    {
      title: "an input of its own for the adapter",
      inputs: [
        uniform([3, 5]),
        uniform([5, 3], -1, 1, 2),
        uniform([3, 5], -1, 1, 3),
        uniform([5, 2], -1, 1, 4),
        uniform([2, 3], -1, 1, 5),
      ],
      apply: (graph, inputs) =>
        graph.loraLinear(inputs, { bias: false, adapterInput: true, adapters: [{ start: 0, width: 3, scaling: 1.5 }] }),
      frozen: [1],
    },
    {
      title: "no rows",
      inputs: [uniform([0, 5]), uniform([5, 3]), uniform([5, 2]), uniform([2, 3])],
      apply: (graph, inputs) =>
        graph.loraLinear(inputs, {
          bias: false,
          adapterInput: false,
          adapters: [{ start: 0, width: 3, scaling: 1.5 }],
        }),
      frozen: [1],
    },
  ],
  matmul: [
    { title: "odd", inputs: [uniform([3, 5]), uniform([5, 7])], apply: (graph, [a, b]) => graph.matmul(a!, b!) },
    {
      title: "transposed, broadcast batches",
      inputs: [uniform([2, 1, 5, 3]), uniform([3, 2, 5])],
      apply: (graph, [a, b]) => graph.matmul(a!, b!, { transposeA: true, transposeB: true }),
    },
    { title: "vectors", inputs: [uniform([5]), uniform([5])], apply: (graph, [a, b]) => graph.matmul(a!, b!) },
    {
      title: "inner length 0",
      inputs: [uniform([3, 0]), uniform([0, 2])],
      apply: (graph, [a, b]) => graph.matmul(a!, b!),
    },
    { title: "no rows", inputs: [uniform([0, 3]), uniform([3, 2])], apply: (graph, [a, b]) => graph.matmul(a!, b!) },
    {
      title: "no batches",
      inputs: [uniform([0, 2, 3]), uniform([1, 3, 2])],
      apply: (graph, [a, b]) => graph.matmul(a!, b!),
    },
  ],
  maximum: ordered((graph, a, b) => graph.maximum(a, b)),
  mean: reduction((graph, x, attributes) => graph.mean(x, attributes)),
  minimum: ordered((graph, a, b) => graph.minimum(a, b)),
  mul: [...binary((graph, a, b) => graph.mul(a, b)), one("with itself", [5], (graph, x) => graph.mul(x, x))],
  neg: unary((graph, x) => graph.neg(x)),
  normalize: [
    one("odd", [3, 5], (graph, x) => graph.normalize(x)),
    one("below eps", [2, 3], (graph, x) => graph.normalize(x, { eps: 10 })),
    one("no rows", [0, 3], (graph, x) => graph.normalize(x)),
    one("no columns", [3, 0], (graph, x) => graph.normalize(x)),
  ],
  pad: [
    one("both sides", [2, 3, 2], (graph, x) => graph.pad(x, { dim: 1, before: 1, after: 2, value: 5 })),
    one("nothing", [0, 2], (graph, x) => graph.pad(x, { dim: 0, after: 2 })),
  ],
  permute: [
    one("three", [2, 3, 5], (graph, x) => graph.permute(x, [2, 0, 1])),
    one("five, reversed", [2, 3, 2, 1, 3], (graph, x) => graph.permute(x, [4, 3, 2, 1, 0])),
    one("a scalar", [], (graph, x) => graph.permute(x, [])),
    one("empty", [2, 0, 3], (graph, x) => graph.permute(x, [1, 2, 0])),
  ],
  pow: [...unary((graph, x) => graph.pow(x, 3)), ...unary((graph, x) => graph.pow(x, -1.5), 0.7, 2)],
  reciprocal: unary((graph, x) => graph.reciprocal(x), 0.7, 3),
  reshape: [
    one("with -1", [2, 6], (graph, x) => graph.reshape(x, [3, -1])),
    one("twice, added up", [2, 3], (graph, x) => graph.add(graph.reshape(x, [6]), graph.reshape(x, [6]))),
    one("empty", [0, 3], (graph, x) => graph.reshape(x, [3, 0])),
  ],
  rsqrt: unary((graph, x) => graph.rsqrt(x), 0.7, 3),
  sin: unary((graph, x) => graph.sin(x)),
  slice: [
    one("in the middle", [2, 5, 3], (graph, x) => graph.slice(x, { dim: 1, start: 1, end: 4 })),
    one("every second, from the end", [3, 7], (graph, x) => graph.slice(x, { dim: -1, start: -5, step: 2 })),
    one("nothing", [3, 4], (graph, x) => graph.slice(x, { dim: 0, start: 2, end: 1 })),
    one("beyond the end", [3, 4], (graph, x) => graph.slice(x, { dim: 0, start: -9, end: 9 })),
  ],
  sqrt: unary((graph, x) => graph.sqrt(x), 0.5, 3),
  square: unary((graph, x) => graph.square(x)),
  sub: [...binary((graph, a, b) => graph.sub(a, b)), one("from itself", [5], (graph, x) => graph.sub(x, x))],
  sum: [...reduction((graph, x, attributes) => graph.sum(x, attributes)), nothing],
  transpose: [
    one("the last two", [2, 3, 5], (graph, x) => graph.transpose(x)),
    one("first and last", [2, 3, 5], (graph, x) => graph.transpose(x, 0, -1)),
    one("empty", [0, 3], (graph, x) => graph.transpose(x)),
  ],
};
