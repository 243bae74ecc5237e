import type { Graph, NodeId } from "../../../ts/index.js";
import type { Range } from "../../properties/programs/maker.js";
import { binaryRule, most, negative, within } from "../../properties/programs/rule.js";
import { binary as smooth, one, ordered } from "../gradients/builders.js";
import type { Case } from "../gradients/check.js";
import type { Closeness } from "../special-values/compare.js";
import { ofTwo, type OpRow, type Rows } from "./row.js";

type Name = "add" | "div" | "maximum" | "minimum" | "mul" | "sub";

/** What is particular to a function of two tensors. */
interface Particulars {
  /** Where differences are taken: default from −2 to 2; "no ties" where the larger one counts. */
  readonly between?: readonly [low: number, high: number] | "no ties";
  /** Further inputs at which it is differentiated. */
  readonly gradients?: readonly Case[];
  /** How close it is to PyTorch at special numbers; default exact. */
  readonly values?: Closeness;
  /** Bounds of f over ranges of a and b. */
  readonly range: (a: Range, b: Range) => Range;
  /** Where f is tame in b. */
  readonly domain?: Partial<Range>;
}

const exact: Closeness = { relative: 2e-7, signedZeros: true };
// The larger of 0 and −0 is either, from one vector unit to the other.
const anyZero: Closeness = { relative: 0, signedZeros: false };

function row(name: Name, { between = [-2, 2], gradients = [], values = exact, range, domain }: Particulars): OpRow {
  const apply = (graph: Graph, a: NodeId, b: NodeId) => graph[name](a, b);
  return {
    gradients: [...(between === "no ties" ? ordered(apply) : smooth(apply, ...between)), ...gradients],
    golden: { [name]: ofTwo(apply) },
    special: { [name]: { ...values, gradient: values, apply: (graph, [a, b]) => apply(graph, a!, b!) } },
    calls: [({ matrix, vector }) => [matrix, vector]],
    program: binaryRule(apply, range, domain),
  };
}

const sum = (a: Range, b: Range) => ({ low: a.low + b.low, high: a.high + b.high });
const larger = (a: Range, b: Range) => ({ low: Math.max(a.low, b.low), high: Math.max(a.high, b.high) });

export const binary = {
  add: row("add", { range: sum }),
  div: row("div", {
    between: [0.5, 2],
    range: (a, b) => within(most(a) / b.low),
    domain: { low: 0.2, high: 60 },
  }),
  maximum: row("maximum", { between: "no ties", values: anyZero, range: larger }),
  minimum: row("minimum", {
    between: "no ties",
    values: anyZero,
    range: (a, b) => negative(larger(negative(a), negative(b))),
  }),
  mul: row("mul", {
    gradients: [one("with itself", [5], (graph, x) => graph.mul(x, x))],
    range: (a, b) => within(most(a) * most(b)),
  }),
  sub: row("sub", {
    gradients: [one("from itself", [5], (graph, x) => graph.sub(x, x))],
    range: (a, b) => sum(a, negative(b)),
  }),
} satisfies Rows;
