import type { Graph, NodeId } from "../../../ts/index.js";
import type { Closeness } from "./compare.js";
import type { Rows, Uses } from "./table.js";

const exact: Closeness = { relative: 2e-7, signedZeros: true };

/** A function of one tensor, under its own name; zeros have PyTorch's sign. */
function unary(
  name: string,
  apply: (graph: Graph, x: NodeId) => NodeId,
  closeness: Closeness = exact,
  gradient: Closeness = closeness,
): Uses {
  const { signedZeros = true, ...rest } = closeness;
  return { [name]: { ...rest, signedZeros, gradient, apply: (graph, [x]) => apply(graph, x!) } };
}

function binary(
  name: string,
  apply: (graph: Graph, a: NodeId, b: NodeId) => NodeId,
  closeness: Closeness = exact,
  gradient: Closeness = closeness,
): Uses {
  return { [name]: { ...closeness, gradient, apply: (graph, [a, b]) => apply(graph, a!, b!) } };
}

// The larger of 0 and −0 is either, from one vector unit to the other.
const anyZero: Closeness = { relative: 0, signedZeros: false };
/** Slopes that are sums or differences of terms near 1: a zero's sign says nothing, the last digits cancel. */
const slope: Closeness = { relative: 1e-6, floor: 1 };
/** Φ(−t) is e^(−t²/2)·M(t): the rounding of t² counts t²/2 times. */
const tail: Closeness = { relative: 2e-5 };

const exponents = [0, 1, 2, 3, 0.5, -0.5, -1, -2, -1.5, 2.5];

export const elementwise = {
  abs: unary("abs", (graph, x) => graph.abs(x)),
  add: binary("add", (graph, a, b) => graph.add(a, b)),
  clamp: {
    ...unary("clamp both", (graph, x) => graph.clamp(x, { min: -1, max: 2 })),
    ...unary("clamp min", (graph, x) => graph.clamp(x, { min: -1 })),
    ...unary("clamp max", (graph, x) => graph.clamp(x, { max: 2 })),
  },
  cos: unary("cos", (graph, x) => graph.cos(x)),
  div: binary("div", (graph, a, b) => graph.div(a, b)),
  dropout: {
    ...unary("dropout 0", (graph, x) => graph.dropout(x, 0)),
    ...unary("dropout 1", (graph, x) => graph.dropout(x, 1)),
  },
  erf: unary("erf", (graph, x) => graph.erf(x), { relative: 1e-6 }, { relative: 1e-5 }),
  exp: unary("exp", (graph, x) => graph.exp(x), exact, { relative: 2e-7, floor: 2 ** -126, signedZeros: true }),
  gelu: {
    ...unary("gelu", (graph, x) => graph.gelu(x), tail, slope),
    ...unary("gelu tanh", (graph, x) => graph.gelu(x, { approximate: "tanh" }), tail, slope),
  },
  log: unary("log", (graph, x) => graph.log(x)),
  maximum: binary("maximum", (graph, a, b) => graph.maximum(a, b), anyZero),
  minimum: binary("minimum", (graph, a, b) => graph.minimum(a, b), anyZero),
  mul: binary("mul", (graph, a, b) => graph.mul(a, b)),
  neg: unary("neg", (graph, x) => graph.neg(x)),
  pow: Object.assign({}, ...exponents.map((p) => unary(`pow ${p}`, (graph, x) => graph.pow(x, p)))) as Uses,
  quickGelu: unary("quickGelu", (graph, x) => graph.quickGelu(x), tail, slope),
  reciprocal: unary("reciprocal", (graph, x) => graph.reciprocal(x)),
  relu: unary("relu", (graph, x) => graph.relu(x)),
  rsqrt: unary("rsqrt", (graph, x) => graph.rsqrt(x), exact, { relative: 1e-6, signedZeros: true }),
  sigmoid: unary("sigmoid", (graph, x) => graph.sigmoid(x), { relative: 4e-7 }, slope),
  // Below −87 σ(x) is a subnormal number, whose rounding counts x times.
  silu: unary("silu", (graph, x) => graph.silu(x), { relative: 4e-7, floor: 1e-35 }, slope),
  sin: unary("sin", (graph, x) => graph.sin(x)),
  sqrt: unary("sqrt", (graph, x) => graph.sqrt(x)),
  square: unary("square", (graph, x) => graph.square(x)),
  sub: binary("sub", (graph, a, b) => graph.sub(a, b)),
  tanh: unary("tanh", (graph, x) => graph.tanh(x), { relative: 4e-7 }, slope),
} satisfies Rows;
