import { sizeOf } from "../../../../ts/values/tensor.js";
import type { Maker, Tensor } from "../maker.js";
import { partOf } from "./elementwise.js";
import type { Rule } from "./rule.js";

/** A rule for an op that moves elements of one tensor and changes none. */
function moving(least: number, attributes: (maker: Maker, x: Tensor) => object, call: Rule["call"]): Rule {
  return {
    make(maker) {
      const x = maker.any(least);
      return { inputs: [x], attributes: attributes(maker, x), range: x };
    },
    call,
  };
}

/** Places of a dimension; none where it has none. */
function places({ random }: Maker, length: number, count: number): number[] {
  return length === 0 ? [] : Array.from({ length: count }, () => random.int(0, length - 1));
}

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

export const shapes = {
  concat: {
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
  expand: {
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
  gather: moving(
    1,
    (maker, { shape }) => {
      const dim = maker.dim(shape);
      const taken = [...shape];
      taken[dim < 0 ? dim + shape.length : dim] = shape.at(dim) === 0 ? 0 : maker.random.int(0, 5);
      return { dim, shape: taken, indices: places(maker, shape.at(dim)!, sizeOf(taken)) };
    },
    (graph, [x], attributes) => graph.gather(x!, attributes),
  ),
  indexSelect: moving(
    1,
    (maker, { shape }) => {
      const dim = maker.dim(shape);
      return { dim, indices: places(maker, shape.at(dim)!, maker.random.int(0, 6)) };
    },
    (graph, [x], attributes) => graph.indexSelect(x!, attributes),
  ),
  pad: {
    make(maker) {
      const { random } = maker;
      const x = maker.any(1);
      const value = random.pick([0, 0.5, -3]);
      const attributes = { dim: maker.dim(x.shape), before: random.int(0, 2), after: random.int(0, 3), value };
      return { inputs: [x], attributes, range: { low: Math.min(x.low, value), high: Math.max(x.high, value) } };
    },
    call: (graph, [x], attributes) => graph.pad(x!, attributes),
  },
  permute: moving(
    0,
    ({ random }, { shape }) => ({
      dims: random.shuffle([...shape.keys()]).map((d) => (random.chance(0.3) ? d - shape.length : d)),
    }),
    (graph, [x], { dims }) => graph.permute(x!, dims),
  ),
  reshape: moving(
    0,
    (maker, { shape }) => ({ shape: regroup(maker, shape) }),
    (graph, [x], { shape }) => graph.reshape(x!, shape),
  ),
  slice: moving(
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
  transpose: moving(
    1,
    (maker, { shape }) => ({ dim0: maker.dim(shape), dim1: maker.dim(shape) }),
    (graph, [x], { dim0, dim1 }) => graph.transpose(x!, dim0, dim1),
  ),
} satisfies Record<string, Rule>;
