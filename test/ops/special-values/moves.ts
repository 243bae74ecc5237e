import type { Graph, NodeId } from "../../../ts/index.js";
import type { Rows, Uses } from "./table.js";

/** Elements go through as they are; gradients are sums of a few. */
function move(name: string, apply: (graph: Graph, inputs: NodeId[]) => NodeId): Uses {
  const gradient = { relative: 1e-6 };
  return { [name]: { relative: 0, signedZeros: true, gradient, placed: true, apply } };
}

const rowsOf = (graph: Graph, x: NodeId) => graph.shape(x)[0]!;

export const moves = {
  concat: move("concat", (graph, parts) => graph.concat(parts, 1)),
  embedding: move("embedding", (graph, [table]) => graph.embedding(table!, [4, 60, 4, 4])),
  expand: move("expand", (graph, [x]) => graph.expand(graph.reshape(x!, [-1, 1, 7]), [rowsOf(graph, x!), 3, 7])),
  gather: move("gather", (graph, [x]) => {
    const indices = Array.from({ length: rowsOf(graph, x!) }, () => [0, 6, 6]).flat();
    return graph.gather(x!, { dim: 1, indices, shape: [rowsOf(graph, x!), 3] });
  }),
  indexSelect: move("indexSelect", (graph, [x]) => graph.indexSelect(x!, { dim: 1, indices: [4, 0, 4] })),
  pad: move("pad", (graph, [x]) => graph.pad(x!, { dim: 1, before: 1, after: 2, value: Infinity })),
  permute: move("permute", (graph, [x]) => graph.permute(graph.reshape(x!, [2, -1, 7]), [2, 0, 1])),
  reshape: move("reshape", (graph, [x]) => graph.reshape(x!, [7, -1])),
  slice: move("slice", (graph, [x]) => graph.slice(x!, { dim: 1, start: 1, end: 7, step: 2 })),
  transpose: move("transpose", (graph, [x]) => graph.transpose(x!)),
} satisfies Rows;
