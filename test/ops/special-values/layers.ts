import type { Graph, NodeId } from "../../../ts/index.js";
import type { Closeness } from "./compare.js";
import type { Rows, Uses } from "./table.js";

const close: Closeness = { relative: 1e-6, floor: 1 };
const difference: Closeness = { relative: 1e-5, floor: 1 };

/** A function of rows under the name of its golden case. */
function rows(
  name: string,
  apply: (graph: Graph, inputs: NodeId[]) => NodeId,
  closeness: Closeness = close,
  gradient: Closeness = difference,
): Uses {
  return { [name]: { ...closeness, gradient, placed: true, apply } };
}

/** Class t of row i is i mod 7. */
const targets = (graph: Graph, x: NodeId) => Array.from({ length: graph.shape(x)[0]! }, (_, i) => i % 7);

function reduction(name: "amax" | "amin" | "sum" | "mean", closeness: Closeness): Uses {
  return {
    ...rows(`${name} last`, (graph, [x]) => graph[name](x!, { dim: -1 }), closeness, closeness),
    ...rows(`${name} first`, (graph, [x]) => graph[name](x!, { dim: 0 }), closeness, closeness),
  };
}

function extreme(name: "amax" | "amin"): Uses {
  const cotangents = rows(`${name} cotangents`, (graph, [x]) => graph[name](x!, { dim: -1 }), { relative: 2e-7 });
  return { ...reduction(name, { relative: 2e-7 }), ...cotangents };
}

export const layers = {
  amax: extreme("amax"),
  amin: extreme("amin"),
  crossEntropy: {
    ...rows("crossEntropy none", (graph, [x]) => graph.crossEntropy(x!, targets(graph, x!), { reduction: "none" })),
    ...rows("crossEntropy smoothed", (graph, [x]) =>
      graph.crossEntropy(x!, targets(graph, x!), { reduction: "none", labelSmoothing: 0.2 }),
    ),
    ...rows("crossEntropy weighted", (graph, [x]) => {
      const weight = [1, 0.5, 2, 0.25, 1.5, 1, 0.75];
      return graph.crossEntropy(x!, targets(graph, x!), { reduction: "none", weight });
    }),
    ...rows("crossEntropy mean", (graph, [x]) => graph.crossEntropy(x!, targets(graph, x!))),
    ...rows("crossEntropy ignored", (graph, [x]) => {
      const ignored = targets(graph, x!).map((target, i) => (i % 2 === 0 ? target : -100));
      return graph.crossEntropy(x!, ignored, { reduction: "none" });
    }),
  },
  layerNorm: {
    ...rows("layerNorm", (graph, [x]) => graph.layerNorm(x!, null, null, { eps: 1e-5 })),
    ...rows("layerNorm affine", (graph, [x, w, b]) => graph.layerNorm(x!, w!, b!, { eps: 1e-5 })),
    ...rows("layerNorm weight", (graph, [x, w, b]) => graph.layerNorm(x!, w!, b!, { eps: 1e-5 })),
  },
  logSoftmax: {
    ...rows("logSoftmax last", (graph, [x]) => graph.logSoftmax(x!, -1)),
    ...rows("logSoftmax first", (graph, [x]) => graph.logSoftmax(x!, 0)),
  },
  mean: reduction("mean", close),
  meanPool: rows("meanPool", (graph, [x]) => graph.meanPool(x!, [0, 3, 9, graph.shape(x!)[0]!]), close, close),
  mseLoss: {
    ...rows("mseLoss mean", (graph, [a, b]) => graph.mseLoss(a!, b!)),
    "mseLoss none": { ...close, apply: (graph, [a, b]) => graph.mseLoss(a!, b!, { reduction: "none" }) },
  },
  normalize: rows("normalize", (graph, [x]) => graph.normalize(x!)),
  rmsNorm: rows("rmsNorm", (graph, [x, w]) => graph.rmsNorm(x!, w!, { eps: 1e-6 })),
  softmax: {
    ...rows("softmax last", (graph, [x]) => graph.softmax(x!, -1), { relative: 1e-6 }),
    ...rows("softmax first", (graph, [x]) => graph.softmax(x!, 0), { relative: 1e-6 }),
  },
  sum: reduction("sum", close),
} satisfies Rows;
