import type { Graph, NodeId } from "../graph/graph.js";

const exact = (graph: Graph, x: NodeId) => graph.gelu(x);
const cubic = (graph: Graph, x: NodeId) => graph.gelu(x, { approximate: "tanh" });
const silu = (graph: Graph, x: NodeId) => graph.silu(x);

/** Activations by transformers' names, of which several mean one function. */
export const activations = {
  gelu: exact,
  gelu_python: exact,
  gelu_new: cubic,
  gelu_fast: cubic,
  gelu_pytorch_tanh: cubic,
  quick_gelu: (graph: Graph, x: NodeId) => graph.quickGelu(x),
  relu: (graph: Graph, x: NodeId) => graph.relu(x),
  silu,
  swish: silu,
  tanh: (graph: Graph, x: NodeId) => graph.tanh(x),
} as const;

export type Activation = keyof typeof activations;

export const activationNames = Object.keys(activations) as Activation[];
