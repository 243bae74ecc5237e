import { kinked, one, unary } from "./builders.js";
import type { Cases } from "./check.js";

export const activations = {
  dropout: [
    one("drops the same elements both ways", [3, 5], (graph, x) => graph.dropout(x, 0.4)),
    one("drops nothing", [5], (graph, x) => graph.dropout(x, 0)),
    one("drops all", [5], (graph, x) => graph.dropout(x, 1)),
    one("empty", [0, 3], (graph, x) => graph.dropout(x, 0.5)),
  ],
  gelu: [
    ...unary((graph, x) => graph.gelu(x)),
    ...unary((graph, x) => graph.gelu(x, { approximate: "tanh" })),
    ...unary((graph, x) => graph.gelu(x), -8, 8),
  ],
  quickGelu: unary((graph, x) => graph.quickGelu(x)),
  relu: kinked((graph, x) => graph.relu(x)),
  sigmoid: unary((graph, x) => graph.sigmoid(x)),
  silu: unary((graph, x) => graph.silu(x)),
  tanh: unary((graph, x) => graph.tanh(x)),
} satisfies Cases;
