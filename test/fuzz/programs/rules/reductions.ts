import { sizeOf } from "../../../../ts/values/tensor.js";
import type { Maker, Range } from "../maker.js";
import { most, type Rule, within } from "./rule.js";

/** Dimensions to reduce: all, one or some. */
function dimensions(maker: Maker, shape: readonly number[]): { dim?: number | number[]; keepDim?: boolean } {
  const { random } = maker;
  const some = random.shuffle([...shape.keys()]).slice(0, random.int(0, shape.length));
  const dim = random.pick([undefined, shape.length > 0 ? maker.dim(shape) : undefined, some]);
  return { ...(dim !== undefined && { dim }), ...(random.chance(0.5) && { keepDim: random.chance(0.5) }) };
}

type Reduction = (x: Range, count: number) => Range;

/** `empty`: whether nothing may be reduced. */
function reduction(name: "sum" | "mean" | "amax" | "amin", range: Reduction, empty: boolean): Rule {
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

function alongDim(name: "softmax" | "logSoftmax", range: (x: Range, length: number) => Range): Rule {
  return {
    make(maker) {
      const x = maker.any(1);
      const dim = maker.dim(x.shape);
      return { inputs: [x], attributes: { dim }, range: range(x, x.shape.at(dim)!) };
    },
    call: (graph, [x], { dim }) => graph[name](x!, dim),
  };
}

const same = (x: Range) => x;

export const reductions = {
  amax: reduction("amax", same, false),
  amin: reduction("amin", same, false),
  logSoftmax: alongDim("logSoftmax", (x, length) => ({ low: x.low - x.high - Math.log(length + 1), high: 0 })),
  mean: reduction("mean", same, false),
  meanPool: {
    make(maker) {
      const x = maker.any(2, 2);
      const offsets = cuts(maker, x.shape[0]!);
      return { inputs: [x], attributes: { offsets }, range: { low: Math.min(x.low, 0), high: Math.max(x.high, 0) } };
    },
    call: (graph, [x], { offsets }) => graph.meanPool(x!, offsets),
  },
  softmax: alongDim("softmax", () => ({ low: 0, high: 1 })),
  sum: reduction("sum", (x, count) => within(most(x) * count), true),
} satisfies Record<string, Rule>;

/** Starts of sequences that fill `tokens` rows, some of them empty. */
export function cuts({ random }: Maker, tokens: number): number[] {
  const inner = Array.from({ length: random.int(0, 3) }, () => random.int(0, tokens));
  return [0, ...inner.sort((a, b) => a - b), tokens];
}
