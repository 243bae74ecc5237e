import type { Graph, NodeId } from "../../ts/index.js";
import { opRows } from "./rows/index.js";
import { ofOne, ofTwo, type Run } from "./rows/row.js";

/** A scalar constant. */
const number = (graph: Graph, value: number) => graph.constant({ shape: [], data: Float32Array.of(value) });

const cosine = (graph: Graph, a: NodeId, b: NodeId) =>
  graph.sum(graph.mul(graph.normalize(a), graph.normalize(b)), { dim: -1 });

/** Variance along the last dimension. */
const variance = (graph: Graph, x: NodeId, correction: number) => {
  const n = graph.shape(x).at(-1)!;
  const centred = graph.sub(x, graph.mean(x, { dim: -1, keepDim: true }));
  return graph.mul(graph.sum(graph.square(centred), { dim: -1 }), number(graph, 1 / (n - correction)));
};

const methods = Object.values(opRows).flatMap(({ golden }) => Object.entries<Run>(golden));

/** How each operation of ops.json is written with `Graph`: one method where it has one, else as a user would compose it. */
export const runs: Readonly<Record<string, Run>> = {
  ...Object.fromEntries(methods),
  "x*x+x": ofOne((graph, x) => graph.add(graph.mul(x, x), x)),
  "softmax(x + mask)": (graph, { node }) => graph.softmax(graph.add(node("x"), node("m"))),
  "shifted cross_entropy": (graph, { node, host }, params) => {
    const [batch, length] = host("t").shape as [number, number];
    const shifted = Array.from({ length: batch * (length - 1) }, (_, i) => {
      return host("t").data[Math.floor(i / (length - 1)) * length + (i % (length - 1)) + 1]!;
    });
    const logits = graph.slice(node("x"), { dim: 1, end: -1 });
    return graph.crossEntropy(logits, shifted, { ignoreIndex: params["ignore_index"] as number });
  },
  l1_loss: ofTwo((graph, a, b) => graph.mean(graph.abs(graph.sub(a, b)))),
  "permute+reshape": ofOne((graph, x, params) => {
    return graph.reshape(graph.permute(x, params["dims"] as number[]), params["shape"] as number[]);
  }),
  stack: ofTwo((graph, a, b) => graph.concat([graph.reshape(a, [2, 1, 3]), graph.reshape(b, [2, 1, 3])], 1)),
  "x[:,0]": ofOne((graph, x) => graph.reshape(graph.slice(x, { dim: 1, end: 1 }), [2, 3])),
  split: ofOne((graph, x, params) => {
    const [skipped, taken] = params["sizes"] as [number, number];
    return graph.slice(x, { dim: -1, start: skipped, end: skipped + taken });
  }),
  repeat_interleave: ofOne((graph, x) => graph.indexSelect(x, { dim: 1, indices: [0, 0, 0, 1, 1, 1] })),
  var: ofOne((graph, x, params) => variance(graph, x, params["correction"] as number)),
  std: ofOne((graph, x, params) => graph.sqrt(variance(graph, x, params["correction"] as number))),
  norm: ofOne((graph, x) => graph.sqrt(graph.sum(graph.square(x), { dim: -1 }))),
  cosine_similarity: ofTwo(cosine),
  "normalize(a) @ normalize(b)^T": ofTwo((graph, a, b) => {
    return graph.matmul(graph.normalize(a), graph.normalize(b), { transposeB: true });
  }),
  "multiple negatives ranking loss": ofTwo((graph, a, b, params) => {
    const scores = graph.matmul(graph.normalize(a), graph.normalize(b), { transposeB: true });
    return graph.crossEntropy(graph.mul(scores, number(graph, params["scale"] as number)), [0, 1, 2, 3, 4]);
  }),
  "cosine-similarity MSE loss": (graph, { node }) => graph.mseLoss(cosine(graph, node("a"), node("b")), node("t")),
};
