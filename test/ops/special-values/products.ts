import type { Graph, NodeId } from "../../../ts/index.js";
import type { Rows, Uses } from "./table.js";

/** Sums of products, in an order of their own. */
function product(
  name: string,
  apply: (graph: Graph, inputs: NodeId[]) => NodeId,
  frozen: readonly number[] = [],
): Uses {
  return { [name]: { relative: 1e-5, floor: 1, placed: true, frozen, apply } };
}

function lora(graph: Graph, inputs: NodeId[]): NodeId {
  const adapters = [{ start: 0, width: 6, scaling: 1.5 }];
  return graph.loraLinear(inputs, { bias: false, adapterInput: false, adapters });
}

export const products = {
  disentangledAttention: product("disentangledAttention", (graph, [qkv, c2p, p2c]) => {
    const offsets = Array.from({ length: graph.shape(qkv!)[0]! / 5 + 1 }, (_, i) => 5 * i);
    const buckets = [0, 0, 1, 1, 2, 2, 2, 3, 3];
    return graph.disentangledAttention(qkv!, c2p!, p2c!, { offsets, heads: 2, buckets });
  }),
  linear: product("linear", (graph, [x, w, b]) => graph.linear(x!, w!, b)),
  loraLinear: {
    ...product("loraLinear x", lora, [1]),
    ...product("loraLinear A", lora, [1]),
    ...product("loraLinear B", lora, [1]),
  },
  matmul: product("matmul", (graph, [a, b]) => graph.matmul(a!, b!)),
  raggedAttention: product("raggedAttention", (graph, [qkv]) => {
    const offsets = Array.from({ length: graph.shape(qkv!)[0]! / 5 + 1 }, (_, i) => 5 * i);
    return graph.raggedAttention(qkv!, { offsets, heads: 2 });
  }),
  scaledDotProductAttention: product("scaledDotProductAttention", (graph, [q, k, v]) =>
    graph.scaledDotProductAttention(q!, k!, v!),
  ),
} satisfies Rows;
