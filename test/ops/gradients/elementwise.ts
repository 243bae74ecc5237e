import { binary, kinked, one, ordered, unary } from "./builders.js";
import type { Cases } from "./check.js";

export const elementwise = {
  abs: kinked((graph, x) => graph.abs(x)),
  add: binary((graph, a, b) => graph.add(a, b)),
  clamp: kinked((graph, x) => graph.clamp(x, { min: -0.35, max: 0.55 })),
  cos: unary((graph, x) => graph.cos(x)),
  div: binary((graph, a, b) => graph.div(a, b), 0.5, 2),
  erf: unary((graph, x) => graph.erf(x)),
  exp: unary((graph, x) => graph.exp(x)),
  log: unary((graph, x) => graph.log(x), 0.5, 3),
  maximum: ordered((graph, a, b) => graph.maximum(a, b)),
  minimum: ordered((graph, a, b) => graph.minimum(a, b)),
  mul: [...binary((graph, a, b) => graph.mul(a, b)), one("with itself", [5], (graph, x) => graph.mul(x, x))],
  neg: unary((graph, x) => graph.neg(x)),
  pow: [...unary((graph, x) => graph.pow(x, 3)), ...unary((graph, x) => graph.pow(x, -1.5), 0.7, 2)],
  reciprocal: unary((graph, x) => graph.reciprocal(x), 0.7, 3),
  rsqrt: unary((graph, x) => graph.rsqrt(x), 0.7, 3),
  sin: unary((graph, x) => graph.sin(x)),
  sqrt: unary((graph, x) => graph.sqrt(x), 0.5, 3),
  square: unary((graph, x) => graph.square(x)),
  sub: [...binary((graph, a, b) => graph.sub(a, b)), one("from itself", [5], (graph, x) => graph.sub(x, x))],
} satisfies Cases;
