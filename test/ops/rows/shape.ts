import { sizeOf } from "../../../ts/values/tensor.js";
import type { Graph, NodeId } from "../../../ts/index.js";
import type { Maker } from "../../properties/programs/maker.js";
import { moving, partOf } from "../../properties/programs/rule.js";
import { one } from "../gradients/builders.js";
import { uniform } from "../gradients/numbers.js";
import { move } from "../special-values/builders.js";
import { ofOne, ofTwo, type Rows } from "./row.js";

/** Lengths of another shape with as many elements. */
function regroup({ random }: Maker, shape: readonly number[]): number[] {
  const open = random.chance(0.3) && sizeOf(shape) > 0;
  if (random.chance(0.3)) return open ? [-1] : [sizeOf(shape)];
  const factors = [...shape, ...(random.chance(0.3) ? [1] : [])];
  const lengths: number[] = [];
  for (const factor of random.shuffle(factors)) {
    if (lengths.length > 0 && random.chance(0.3)) lengths.push(lengths.pop()! * factor);
    else lengths.push(factor);
  }
  if (open && lengths.length > 0) lengths[random.int(0, lengths.length - 1)] = -1;
  return lengths;
}

const rowsOf = (graph: Graph, x: NodeId) => graph.shape(x)[0]!;

export const shape = {
  concat: {
    gradients: [
      {
        title: "along the middle, one part empty",
        inputs: [uniform([2, 3, 2]), uniform([2, 0, 2]), uniform([2, 1, 2], -2, 2, 2)],
        apply: (graph, parts) => graph.concat(parts, 1),
      },
      { title: "one part", inputs: [uniform([3])], apply: (graph, parts) => graph.concat(parts, -1) },
    ],
    golden: { concat: ofTwo((graph, a, b, params) => graph.concat([a, b], params["dim"] as number)) },
    special: move("concat", (graph, parts) => graph.concat(parts, 1)),
    calls: [({ matrix, square }) => [[matrix, square], 0]],
    program: {
      make(maker) {
        const { random } = maker;
        const first = maker.any(1);
        const dim = maker.dim(first.shape);
        const parts = Array.from({ length: random.int(0, 2) }, () => {
          const shape = [...first.shape];
          shape[dim < 0 ? dim + shape.length : dim] = random.chance(0.5) ? first.shape.at(dim)! : maker.length();
          return random.chance(0.1) ? first : maker.like(shape);
        });
        const inputs = random.shuffle([first, ...parts]);
        const low = Math.min(...inputs.map((x) => x.low));
        return { inputs, attributes: { dim }, range: { low, high: Math.max(...inputs.map((x) => x.high)) } };
      },
      call: (graph, parts, { dim }) => graph.concat(parts, dim),
    },
  },
  expand: {
    gradients: [
      one("repeats in front and in the middle", [3, 1], (graph, x) => graph.expand(x, [2, 3, 4])),
      one("keeps -1", [1, 3], (graph, x) => graph.expand(x, [5, -1])),
      one("to nothing", [1, 3], (graph, x) => graph.expand(x, [0, 3])),
    ],
    golden: { broadcast_to: ofOne((graph, x, params) => graph.expand(x, params["shape"] as number[])) },
    special: move("expand", (graph, [x]) => graph.expand(graph.reshape(x!, [-1, 1, 7]), [rowsOf(graph, x!), 3, 7])),
    calls: [({ vector }) => [vector, [2, -1]], ({ scalar }) => [scalar, [2]]],
    program: {
      make(maker) {
        const { random } = maker;
        const shape = maker.shape(0, 4);
        const x = maker.like(partOf(maker, shape));
        const lead = shape.length - x.shape.length;
        const to = shape.map((length, d) =>
          d >= lead && length === x.shape[d - lead] && random.chance(0.3) ? -1 : length,
        );
        return { inputs: [x], attributes: { shape: to }, range: x };
      },
      call: (graph, [x], { shape }) => graph.expand(x!, shape),
    },
  },
  pad: {
    gradients: [
      one("both sides", [2, 3, 2], (graph, x) => graph.pad(x, { dim: 1, before: 1, after: 2, value: 5 })),
      one("nothing", [0, 2], (graph, x) => graph.pad(x, { dim: 0, after: 2 })),
    ],
    golden: {
      pad: ofOne((graph, x, params) => {
        const [before, after] = params["pad"] as [number, number];
        return graph.pad(x, { dim: params["dim"] as number, before, after });
      }),
    },
    special: move("pad", (graph, [x]) => graph.pad(x!, { dim: 1, before: 1, after: 2, value: Infinity })),
    calls: [({ matrix }) => [matrix, { dim: 0, before: 1, after: 2, value: 3 }]],
    program: {
      make(maker) {
        const { random } = maker;
        const x = maker.any(1);
        const value = random.pick([0, 0.5, -3]);
        const attributes = { dim: maker.dim(x.shape), before: random.int(0, 2), after: random.int(0, 3), value };
        return { inputs: [x], attributes, range: { low: Math.min(x.low, value), high: Math.max(x.high, value) } };
      },
      call: (graph, [x], attributes) => graph.pad(x!, attributes),
    },
  },
  permute: {
    gradients: [
      one("three", [2, 3, 5], (graph, x) => graph.permute(x, [2, 0, 1])),
      one("five, reversed", [2, 3, 2, 2, 3], (graph, x) => graph.permute(x, [4, 3, 2, 1, 0])),
      one("a scalar", [], (graph, x) => graph.permute(x, [])),
      one("empty", [2, 0, 3], (graph, x) => graph.permute(x, [1, 2, 0])),
    ],
    golden: { permute: ofOne((graph, x, params) => graph.permute(x, params["dims"] as number[])) },
    special: move("permute", (graph, [x]) => graph.permute(graph.reshape(x!, [2, -1, 7]), [2, 0, 1])),
    calls: [({ matrix }) => [matrix, [1, 0]]],
    program: moving(
      0,
      ({ random }, { shape }) => ({
        dims: random.shuffle([...shape.keys()]).map((d) => (random.chance(0.3) ? d - shape.length : d)),
      }),
      (graph, [x], { dims }) => graph.permute(x!, dims),
    ),
  },
  reshape: {
    gradients: [
      one("with -1", [2, 6], (graph, x) => graph.reshape(x, [3, -1])),
      one("twice, added up", [2, 3], (graph, x) => graph.add(graph.reshape(x, [6]), graph.reshape(x, [6]))),
      one("empty", [0, 3], (graph, x) => graph.reshape(x, [3, 0])),
    ],
    golden: { reshape: ofOne((graph, x, params) => graph.reshape(x, params["shape"] as number[])) },
    special: move("reshape", (graph, [x]) => graph.reshape(x!, [7, -1])),
    calls: [({ matrix }) => [matrix, [3, -1]]],
    program: moving(
      0,
      (maker, { shape }) => ({ shape: regroup(maker, shape) }),
      (graph, [x], { shape }) => graph.reshape(x!, shape),
    ),
  },
  slice: {
    gradients: [
      one("in the middle", [2, 5, 3], (graph, x) => graph.slice(x, { dim: 1, start: 1, end: 4 })),
      one("every second, from the end", [3, 7], (graph, x) => graph.slice(x, { dim: -1, start: -5, step: 2 })),
      one("nothing", [3, 4], (graph, x) => graph.slice(x, { dim: 0, start: 2, end: 1 })),
      one("beyond the end", [3, 4], (graph, x) => graph.slice(x, { dim: 0, start: -9, end: 9 })),
    ],
    golden: { slice: ofOne((graph, x, params) => graph.slice(x, params as { dim: number })) },
    special: move("slice", (graph, [x]) => graph.slice(x!, { dim: 1, start: 1, end: 7, step: 2 })),
    calls: [({ matrix }) => [matrix, { dim: 1, start: 0, end: 2, step: 1 }]],
    program: moving(
      1,
      (maker, { shape }) => {
        const { random } = maker;
        const length = maker.length() + 1;
        return {
          dim: maker.dim(shape),
          ...(random.chance(0.6) && { start: random.int(-length, length) }),
          ...(random.chance(0.6) && { end: random.int(-length, length) }),
          ...(random.chance(0.4) && { step: random.int(1, 3) }),
        };
      },
      (graph, [x], attributes) => graph.slice(x!, attributes),
    ),
  },
  transpose: {
    gradients: [
      one("the last two", [2, 3, 5], (graph, x) => graph.transpose(x)),
      one("first and last", [2, 3, 5], (graph, x) => graph.transpose(x, 0, -1)),
      one("empty", [0, 3], (graph, x) => graph.transpose(x)),
    ],
    golden: {},
    special: move("transpose", (graph, [x]) => graph.transpose(x!)),
    calls: [({ matrix }) => [matrix, 0, 1]],
    program: moving(
      1,
      (maker, { shape }) => ({ dim0: maker.dim(shape), dim1: maker.dim(shape) }),
      (graph, [x], { dim0, dim1 }) => graph.transpose(x!, dim0, dim1),
    ),
  },
} satisfies Rows;
