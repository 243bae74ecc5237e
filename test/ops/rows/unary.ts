import type { Graph, NodeId } from "../../../ts/index.js";
import type { Range } from "../../properties/programs/maker.js";
import { gated, growing, falling, most, negative, unaryRule, within } from "../../properties/programs/rule.js";
import { kinked, one, unary as smooth } from "../gradients/builders.js";
import type { Closeness } from "../special-values/compare.js";
import { type OpName, type OpRow, ofOne, type Rows, type Uses } from "./row.js";

type Apply = (graph: Graph, x: NodeId) => NodeId;
/** Ops whose method takes a node and no more. */
type Name = { [K in OpName]: Graph[K] extends (x: NodeId) => NodeId ? K : never }[OpName];

/** What is particular to a function of one tensor. */
interface Particulars {
  /** Whether it has a kink at 0. */
  readonly kinked?: boolean;
  /** Where differences are taken; default from −2 to 2. */
  readonly between?: readonly [low: number, high: number];
  /** PyTorch's name in ops.json; default its own. */
  readonly golden?: string;
  /** How close values are to PyTorch's at special numbers, and gradients; default exact, and as values. */
  readonly values?: Closeness;
  readonly slopes?: Closeness;
  /** Bounds of f over a range of x. */
  readonly range: (x: Range) => Range;
  /** Where f is tame. */
  readonly domain?: Partial<Range>;
}

const exact: Closeness = { relative: 2e-7, signedZeros: true };
/** Slopes that are sums or differences of terms near 1: a zero's sign says nothing, the last digits cancel. */
const slope: Closeness = { relative: 1e-6, floor: 1 };
/** Φ(−t) is e^(−t²/2)·M(t): the rounding of t² counts t²/2 times. */
const tail: Closeness = { relative: 2e-5 };

/** A use at special numbers; zeros have PyTorch's sign. */
function special(name: string, apply: Apply, values = exact, gradient = values): Uses {
  return { [name]: { signedZeros: true, ...values, gradient, apply: (graph, [x]) => apply(graph, x!) } };
}

function row(
  name: Name,
  { kinked: hasKink, between = [-2, 2], golden = name, values, slopes, range, domain }: Particulars,
): OpRow {
  const apply: Apply = (graph, x) => graph[name](x);
  return {
    gradients: hasKink ? kinked(apply) : smooth(apply, ...between),
    golden: { [golden]: ofOne(apply) },
    special: special(name, apply, values, slopes),
    calls: [({ matrix }) => [matrix]],
    program: unaryRule(apply, range, domain),
  };
}

/** Rows of functions that have no attributes. */
function plain<N extends Name>(all: Record<N, Particulars>): Record<N, OpRow> {
  const rows = Object.entries<Particulars>(all).map(([name, particulars]) => [name, row(name as N, particulars)]);
  return Object.fromEntries(rows) as Record<N, OpRow>;
}

const bounded = () => within(1);
const positive = { low: 0.05, high: 60 };
const exponents = [0, 1, 2, 3, 0.5, -0.5, -1, -2, -1.5, 2.5];

export const unary = {
  ...plain({
    abs: { kinked: true, range: (x) => ({ low: 0, high: most(x) }) },
    cos: { range: bounded },
    erf: { values: { relative: 1e-6 }, slopes: { relative: 1e-5 }, range: bounded },
    exp: { slopes: { ...exact, floor: 2 ** -126 }, range: growing(Math.exp), domain: { low: -20, high: 3 } },
    log: { between: [0.5, 3], range: growing(Math.log), domain: positive },
    neg: { range: negative },
    quickGelu: { golden: "quick_gelu", values: tail, slopes: slope, range: gated },
    reciprocal: { between: [0.7, 3], range: falling((x) => 1 / x), domain: { low: 0.1, high: 60 } },
    relu: { kinked: true, range: growing((x) => Math.max(x, 0)) },
    rsqrt: {
      between: [0.7, 3],
      slopes: { relative: 1e-6, signedZeros: true },
      range: falling((x) => 1 / Math.sqrt(x)),
      domain: positive,
    },
    sigmoid: { values: { relative: 4e-7 }, slopes: slope, range: growing((x) => 1 / (1 + Math.exp(-x))) },
    // Below −87 σ(x) is a subnormal number, whose rounding counts x times.
    silu: { values: { relative: 4e-7, floor: 1e-35 }, slopes: slope, range: gated },
    sin: { range: bounded },
    sqrt: { between: [0.5, 3], range: growing(Math.sqrt), domain: positive },
    square: { range: (x) => ({ low: 0, high: most(x) ** 2 }) },
    tanh: { values: { relative: 4e-7 }, slopes: slope, range: bounded },
  }),
  clamp: {
    gradients: kinked((graph, x) => graph.clamp(x, { min: -0.35, max: 0.55 })),
    golden: { clamp: ofOne((graph, x, params) => graph.clamp(x, params)) },
    special: {
      ...special("clamp both", (graph, x) => graph.clamp(x, { min: -1, max: 2 })),
      ...special("clamp min", (graph, x) => graph.clamp(x, { min: -1 })),
      ...special("clamp max", (graph, x) => graph.clamp(x, { max: 2 })),
    },
    calls: [({ matrix }) => [matrix, { min: -1, max: 1 }]],
    program: {
      make(maker) {
        const x = maker.any();
        const limits = {
          ...(maker.random.chance(0.8) && { min: -0.4 }),
          ...(maker.random.chance(0.8) && { max: 0.7 }),
        };
        const { min = -Infinity, max = Infinity } = limits;
        const hold = (value: number) => Math.min(Math.max(value, min), max);
        return { inputs: [x], attributes: limits, range: growing(hold)(x) };
      },
      call: (graph, [x], limits) => graph.clamp(x!, limits),
    },
  },
  dropout: {
    gradients: [
      one("drops the same elements both ways", [3, 5], (graph, x) => graph.dropout(x, 0.4)),
      one("drops nothing", [5], (graph, x) => graph.dropout(x, 0)),
      one("drops all", [5], (graph, x) => graph.dropout(x, 1)),
      one("empty", [0, 3], (graph, x) => graph.dropout(x, 0.5)),
    ],
    golden: {},
    special: {
      ...special("dropout 0", (graph, x) => graph.dropout(x, 0)),
      ...special("dropout 1", (graph, x) => graph.dropout(x, 1)),
    },
    calls: [({ matrix }) => [matrix, 0.5]],
    program: {
      make(maker) {
        const x = maker.any();
        const p = maker.random.pick([0, 0.1, 0.25, 0.5, 0.9]);
        return { inputs: [x], attributes: { p }, range: within(most(x) / (1 - p)) };
      },
      call: (graph, [x], { p }) => graph.dropout(x!, p),
    },
  },
  gelu: {
    gradients: [
      ...smooth((graph, x) => graph.gelu(x)),
      ...smooth((graph, x) => graph.gelu(x, { approximate: "tanh" })),
      ...smooth((graph, x) => graph.gelu(x), -8, 8),
    ],
    golden: {
      gelu_erf: ofOne((graph, x) => graph.gelu(x)),
      gelu_tanh: ofOne((graph, x) => graph.gelu(x, { approximate: "tanh" })),
      gelu_new: ofOne((graph, x) => graph.gelu(x, { approximate: "tanh" })),
    },
    special: {
      ...special("gelu", (graph, x) => graph.gelu(x), tail, slope),
      ...special("gelu tanh", (graph, x) => graph.gelu(x, { approximate: "tanh" }), tail, slope),
    },
    calls: [({ matrix }) => [matrix, { approximate: "tanh" }]],
    program: {
      make(maker) {
        const x = maker.any();
        const attributes = maker.random.pick([{}, { approximate: "none" }, { approximate: "tanh" }]);
        return { inputs: [x], attributes, range: gated(x) };
      },
      call: (graph, [x], attributes) => graph.gelu(x!, attributes),
    },
  },
  pow: {
    gradients: [...smooth((graph, x) => graph.pow(x, 3)), ...smooth((graph, x) => graph.pow(x, -1.5), 0.7, 2)],
    golden: { pow: ofOne((graph, x, params) => graph.pow(x, params["exponent"] as number)) },
    special: Object.assign({}, ...exponents.map((p) => special(`pow ${p}`, (graph, x) => graph.pow(x, p)))) as Uses,
    calls: [({ matrix }) => [matrix, 2]],
    program: {
      make(maker) {
        const exponent = maker.random.pick([2, 3, 1, 0, 0.5, -1.5, 2.7]);
        const x = maker.any(0, 4, exponent === 2 || exponent === 3 ? { low: -6, high: 6 } : { low: 0.2, high: 8 });
        return { inputs: [x], attributes: { exponent }, range: within(most(x) ** exponent + 12) };
      },
      call: (graph, [x], { exponent }) => graph.pow(x!, exponent),
    },
  },
} satisfies Rows;
