import type { Graph, NodeId } from "../../../../ts/index.js";
import type { Maker, Range } from "../maker.js";
import { most, type Rule, within } from "./rule.js";

type Unary = (graph: Graph, x: NodeId) => NodeId;
type Binary = (graph: Graph, a: NodeId, b: NodeId) => NodeId;

/** y = f(x); `range` bounds f over the range of x, `domain` is where f is tame. */
function unary(method: Unary, range: (x: Range) => Range, domain?: Partial<Range>): Rule {
  return {
    make(maker) {
      const x = maker.any(0, 4, domain);
      return { inputs: [x], attributes: {}, range: range(x) };
    },
    call: (graph, [x]) => method(graph, x!),
  };
}

/** f where it grows. */
const growing =
  (f: (x: number) => number) =>
  ({ low, high }: Range): Range => ({ low: f(low), high: f(high) });
const falling =
  (f: (x: number) => number) =>
  ({ low, high }: Range): Range => ({ low: f(high), high: f(low) });
const bounded = (bound: number) => () => within(bound);
const positive = { low: 0.05, high: 60 };
/** Activations that lie between their argument and 0, or little below. */
const gated = ({ low, high }: Range): Range => ({ low: Math.max(Math.min(low, 0), -0.3), high: Math.max(high, 0) });

/** A shape that repeats to `shape`. */
export function partOf({ random }: Maker, shape: readonly number[]): number[] {
  const lead = random.chance(0.5) ? 0 : random.int(0, shape.length);
  return shape.slice(lead).map((length) => (random.chance(0.2) ? 1 : length));
}

/** y = f(a, b), where one operand or both may repeat, and both may be one node. */
function binary(method: Binary, range: (a: Range, b: Range) => Range, domain?: Partial<Range>): Rule {
  return {
    make(maker) {
      const { random } = maker;
      const whole = maker.shape(0, 4);
      const shape = random.chance(0.5) ? maker.any().shape : whole;
      const shapes = random.shuffle([shape, random.chance(0.6) ? shape : partOf(maker, shape)]);
      const a = maker.like(shapes[0]!);
      const b = random.chance(0.05) && domain === undefined ? a : maker.like(shapes[1]!, domain);
      return { inputs: [a, b], attributes: {}, range: range(a, b) };
    },
    call: (graph, [a, b]) => method(graph, a!, b!),
  };
}

const sum = (a: Range, b: Range) => ({ low: a.low + b.low, high: a.high + b.high });
const negative = ({ low, high }: Range) => ({ low: -high, high: -low });
const larger = (a: Range, b: Range) => ({ low: Math.max(a.low, b.low), high: Math.max(a.high, b.high) });

export const elementwise = {
  abs: unary(
    (graph, x) => graph.abs(x),
    (x) => ({ low: 0, high: most(x) }),
  ),
  add: binary((graph, a, b) => graph.add(a, b), sum),
  clamp: {
    make(maker) {
      const x = maker.any();
      const limits = { ...(maker.random.chance(0.8) && { min: -0.4 }), ...(maker.random.chance(0.8) && { max: 0.7 }) };
      const { min = -Infinity, max = Infinity } = limits;
      const hold = (value: number) => Math.min(Math.max(value, min), max);
      return { inputs: [x], attributes: limits, range: growing(hold)(x) };
    },
    call: (graph, [x], limits) => graph.clamp(x!, limits),
  },
  cos: unary((graph, x) => graph.cos(x), bounded(1)),
  div: binary(
    (graph, a, b) => graph.div(a, b),
    (a, b) => within(most(a) / b.low),
    { low: 0.2, high: 60 },
  ),
  dropout: {
    make(maker) {
      const x = maker.any();
      const p = maker.random.pick([0, 0.1, 0.25, 0.5, 0.9]);
      return { inputs: [x], attributes: { p }, range: within(most(x) / (1 - p)) };
    },
    call: (graph, [x], { p }) => graph.dropout(x!, p),
  },
  erf: unary((graph, x) => graph.erf(x), bounded(1)),
  exp: unary((graph, x) => graph.exp(x), growing(Math.exp), { low: -20, high: 3 }),
  gelu: {
    make(maker) {
      const x = maker.any();
      const attributes = maker.random.pick([{}, { approximate: "none" }, { approximate: "tanh" }]);
      return { inputs: [x], attributes, range: gated(x) };
    },
    call: (graph, [x], attributes) => graph.gelu(x!, attributes),
  },
  log: unary((graph, x) => graph.log(x), growing(Math.log), positive),
  maximum: binary((graph, a, b) => graph.maximum(a, b), larger),
  minimum: binary(
    (graph, a, b) => graph.minimum(a, b),
    (a, b) => negative(larger(negative(a), negative(b))),
  ),
  mul: binary(
    (graph, a, b) => graph.mul(a, b),
    (a, b) => within(most(a) * most(b)),
  ),
  neg: unary((graph, x) => graph.neg(x), negative),
  pow: {
    make(maker) {
      const exponent = maker.random.pick([2, 3, 1, 0, 0.5, -1.5, 2.7]);
      const x = maker.any(0, 4, exponent === 2 || exponent === 3 ? { low: -6, high: 6 } : { low: 0.2, high: 8 });
      return { inputs: [x], attributes: { exponent }, range: within(most(x) ** exponent + 12) };
    },
    call: (graph, [x], { exponent }) => graph.pow(x!, exponent),
  },
  quickGelu: unary((graph, x) => graph.quickGelu(x), gated),
  reciprocal: unary(
    (graph, x) => graph.reciprocal(x),
    falling((x) => 1 / x),
    { low: 0.1, high: 60 },
  ),
  relu: unary(
    (graph, x) => graph.relu(x),
    growing((x) => Math.max(x, 0)),
  ),
  rsqrt: unary(
    (graph, x) => graph.rsqrt(x),
    falling((x) => 1 / Math.sqrt(x)),
    positive,
  ),
  sigmoid: unary(
    (graph, x) => graph.sigmoid(x),
    growing((x) => 1 / (1 + Math.exp(-x))),
  ),
  silu: unary((graph, x) => graph.silu(x), gated),
  sin: unary((graph, x) => graph.sin(x), bounded(1)),
  sqrt: unary((graph, x) => graph.sqrt(x), growing(Math.sqrt), positive),
  square: unary(
    (graph, x) => graph.square(x),
    (x) => ({ low: 0, high: most(x) ** 2 }),
  ),
  sub: binary(
    (graph, a, b) => graph.sub(a, b),
    (a, b) => sum(a, negative(b)),
  ),
  tanh: unary((graph, x) => graph.tanh(x), bounded(1)),
} satisfies Record<string, Rule>;
