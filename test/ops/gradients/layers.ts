import type { Graph, NodeId } from "../../../ts/index.js";
import { one } from "./builders.js";
import type { Case, Cases } from "./check.js";
import { uniform } from "./numbers.js";

/** x with weight and bias of shape `affine`. */
function layerNorm(title: string, x: readonly number[], affine: readonly number[], eps = 1e-5): Case {
  return {
    title,
    inputs: [uniform(x), uniform(affine, 0.5, 2, 2), uniform(affine, -1, 1, 3)],
    apply: (graph, [input, weight, bias]) =>
      graph.layerNorm(input!, weight!, bias!, { eps, normalizedShape: [...affine] }),
  };
}

function rmsNorm(title: string, x: readonly number[]): Case {
  return {
    title,
    inputs: [uniform(x), uniform([x.at(-1)!], 0.5, 2, 2)],
    apply: (graph, [input, weight]) => graph.rmsNorm(input!, weight!),
  };
}

/** An op along one dimension: last, first, middle, of length 1 and 0. */
function along(apply: (graph: Graph, x: NodeId, dim: number) => NodeId): Case[] {
  const uses: [number[], number][] = [
    [[3, 5], -1],
    [[5, 3], 0],
    [[2, 5, 3], 1],
    [[3, 1], -1],
    [[0, 3], -1],
    [[3, 0], -1],
  ];
  return uses.map(([shape, dim]) =>
    one(`dimension ${dim} of [${shape.join(", ")}]`, shape, (graph, x) => apply(graph, x, dim)),
  );
}

function mse(title: string, shape: readonly number[], reduction: "mean" | "sum" | "none"): Case {
  return {
    title,
    inputs: [uniform(shape, -2, 2, 1), uniform(shape, -2, 2, 2)],
    apply: (graph, [a, b]) => graph.mseLoss(a!, b!, { reduction }),
  };
}

const labels = [4, 0, 2];

export const layers = {
  crossEntropy: [
    one("mean", [3, 5], (graph, x) => graph.crossEntropy(x, labels)),
    one("sum, smoothed", [3, 5], (graph, x) =>
      graph.crossEntropy(x, labels, { reduction: "sum", labelSmoothing: 0.1 }),
    ),
    one("none, one ignored", [3, 5], (graph, x) => graph.crossEntropy(x, [4, -100, 2], { reduction: "none" })),
    one("class weights, an index of one's own ignored, smoothed", [3, 3], (graph, x) =>
      graph.crossEntropy(x, [1, 0, 2], { weight: [0.5, 2, 1], ignoreIndex: 0, labelSmoothing: 0.3 }),
    ),
    one("all ignored", [2, 3], (graph, x) => graph.crossEntropy(x, [-100, -100])),
    one("leading dimensions", [1, 3, 7], (graph, x) => graph.crossEntropy(x, labels)),
    one("no rows", [0, 5], (graph, x) => graph.crossEntropy(x, [])),
  ],
  embedding: [
    one("repeats", [5, 3], (graph, table) => graph.embedding(table, [4, 1, 4, 4])),
    one("padding gets no gradient", [3, 2], (graph, table) => {
      // Differences see the padding row unless it is left out of the value too.
      const rows = graph.embedding(table, [2, 0, 1], { paddingIndex: 0 });
      return graph.indexSelect(rows, { dim: 0, indices: [0, 2] });
    }),
    one("no indices", [3, 2], (graph, table) => graph.embedding(table, [])),
    one("no columns", [3, 0], (graph, table) => graph.embedding(table, [1])),
  ],
  layerNorm: [
    layerNorm("odd", [3, 5], [5]),
    layerNorm("two dimensions", [2, 3, 3], [3, 3]),
    layerNorm("no rows", [0, 3], [3]),
    layerNorm("one column", [3, 1], [1], 0.5),
    {
      title: "weight without bias",
      inputs: [uniform([3, 5]), uniform([5], 0.5, 2, 2)],
      apply: (graph, [x, weight]) => graph.layerNorm(x!, weight!, null, { eps: 1e-5 }),
    },
    {
      title: "bias without weight, two dimensions",
      inputs: [uniform([2, 3, 5]), uniform([3, 5], -1, 1, 2)],
      apply: (graph, [x, bias]) => graph.layerNorm(x!, null, bias!),
    },
    one("one node as x, weight and bias", [5], (graph, x) => graph.layerNorm(x, x, x)),
    one("without weight and bias", [3, 7], (graph, x) => graph.layerNorm(x, null, null, { eps: 1e-5 })),
  ],
  logSoftmax: along((graph, x, dim) => graph.logSoftmax(x, dim)),
  meanPool: [
    one("three sequences, one empty", [7, 3], (graph, x) => graph.meanPool(x, [0, 2, 2, 7])),
    one("no sequence", [0, 3], (graph, x) => graph.meanPool(x, [0])),
  ],
  mseLoss: [
    mse("mean", [3, 5], "mean"),
    mse("sum", [7], "sum"),
    mse("none", [2, 3], "none"),
    mse("empty", [0, 3], "sum"),
  ],
  rmsNorm: [rmsNorm("odd", [3, 5]), rmsNorm("three dimensions", [2, 1, 7]), rmsNorm("no rows", [0, 3])],
  softmax: along((graph, x, dim) => graph.softmax(x, dim)),
} satisfies Cases;
