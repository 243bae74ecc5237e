import type { Graph, NodeId } from "../../../ts/index.js";
import { sizeOf } from "../../../ts/values/tensor.js";
import type { Arguments } from "../../properties/arguments/scene.js";
import type { Maker, Range } from "../../properties/programs/maker.js";
import { cuts, most, type Rule, within } from "../../properties/programs/rule.js";
import { one } from "../gradients/builders.js";
import type { Case } from "../gradients/check.js";
import { spaced } from "../gradients/numbers.js";
import { close, rows } from "../special-values/builders.js";
import type { Closeness } from "../special-values/compare.js";
import { ofOne, type OpRow, type Params, type Rows } from "./row.js";

type Name = "amax" | "amin" | "mean" | "sum";

const uses = [
  { shape: [2, 3, 5], attributes: {} },
  { shape: [3, 5], attributes: { dim: -1 } },
  { shape: [2, 3, 5], attributes: { dim: 1, keepDim: true } },
  { shape: [2, 3, 5], attributes: { dim: [0, 2] } },
  { shape: [2, 3, 2, 3], attributes: { dim: [0, 2] } },
  { shape: [], attributes: {} },
] as const;

function gradients(
  apply: (graph: Graph, x: NodeId, attributes: (typeof uses)[number]["attributes"]) => NodeId,
): Case[] {
  return uses.map(({ shape, attributes }) => ({
    title: `[${shape.join(", ")}] ${JSON.stringify(attributes)}`,
    inputs: [spaced(shape)],
    apply: (graph, [x]) => apply(graph, x!, attributes),
  }));
}

/** Dimensions to reduce: all, one or some. */
function dimensions(maker: Maker, shape: readonly number[]): { dim?: number | number[]; keepDim?: boolean } {
  const { random } = maker;
  const some = random.shuffle([...shape.keys()]).slice(0, random.int(0, shape.length));
  const dim = random.pick([undefined, shape.length > 0 ? maker.dim(shape) : undefined, some]);
  return { ...(dim !== undefined && { dim }), ...(random.chance(0.5) && { keepDim: random.chance(0.5) }) };
}

type Reduction = (x: Range, count: number) => Range;

/** `empty`: whether nothing may be reduced. */
function program(name: Name, range: Reduction, empty: boolean): Rule {
  return {
    make(maker) {
      const x = maker.any(0);
      const attributes = dimensions(maker, x.shape);
      const count = sizeOf(x.shape);
      return !empty && count === 0 ? null : { inputs: [x], attributes, range: range(x, count) };
    },
    call: (graph, [x], attributes) => graph[name](x!, attributes),
  };
}

const ofParams = (params: Params) => ({
  dim: params["dim"] as number | undefined,
  keepDim: params["keepdim"] as boolean,
});

const whole: Arguments = ({ matrix }) => [matrix, { dim: [0, 1], keepDim: true }];

function row(name: Name, closeness: Closeness, range: Reduction = (x) => x, empty = false): OpRow {
  return {
    gradients: gradients((graph, x, attributes) => graph[name](x, attributes)),
    golden: { [name]: ofOne((graph, x, params) => graph[name](x, ofParams(params))) },
    special: {
      ...rows(`${name} last`, (graph, [x]) => graph[name](x!, { dim: -1 }), closeness, closeness),
      ...rows(`${name} first`, (graph, [x]) => graph[name](x!, { dim: 0 }), closeness, closeness),
    },
    calls: [whole],
    program: program(name, range, empty),
  };
}

/** The gradients of equal extremes are compared at cotangents of their own too. */
function extreme(name: "amax" | "amin"): OpRow {
  const own = row(name, { relative: 2e-7 });
  const cotangents = rows(`${name} cotangents`, (graph, [x]) => graph[name](x!, { dim: -1 }), { relative: 2e-7 });
  return { ...own, special: { ...own.special, ...cotangents } };
}

const overNothing = one("over no elements", [2, 0], (graph, x) => graph.sum(x, { dim: 1 }));
const total = row("sum", close, (x, count) => within(most(x) * count), true);

export const reduction = {
  amax: extreme("amax"),
  amin: extreme("amin"),
  mean: row("mean", close),
  meanPool: {
    gradients: [
      one("three sequences, one empty", [7, 3], (graph, x) => graph.meanPool(x, [0, 2, 2, 7])),
      one("no sequence", [0, 3], (graph, x) => graph.meanPool(x, [0])),
    ],
    golden: {
      "masked mean pooling": (graph, { node, host }) => {
        const [batch, length, width] = graph.shape(node("x")) as [number, number, number];
        const real = [...host("m").data.keys()].filter((i) => host("m").data[i] !== 0);
        const offsets = Array.from({ length: batch + 1 }, (_, b) => real.filter((i) => i < b * length).length);
        const tokens = graph.indexSelect(graph.reshape(node("x"), [-1, width]), { dim: 0, indices: real });
        return graph.meanPool(tokens, offsets);
      },
    },
    special: rows("meanPool", (graph, [x]) => graph.meanPool(x!, [0, 3, 9, graph.shape(x!)[0]!]), close, close),
    calls: [({ matrix }) => [matrix, [0, 1, 2]]],
    program: {
      make(maker) {
        const x = maker.any(2, 2);
        const offsets = cuts(maker, x.shape[0]!);
        return { inputs: [x], attributes: { offsets }, range: { low: Math.min(x.low, 0), high: Math.max(x.high, 0) } };
      },
      call: (graph, [x], { offsets }) => graph.meanPool(x!, offsets),
    },
  },
  sum: {
    ...total,
    gradients: [...total.gradients, overNothing],
    calls: [...total.calls, ({ matrix }) => [matrix, { dim: 0 }]],
  },
} satisfies Rows;
