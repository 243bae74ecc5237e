import type { Graph, NodeId } from "../../../ts/index.js";
import { sizeOf } from "../../../ts/values/tensor.js";
import { moving, places } from "../../properties/programs/rule.js";
import { one } from "../gradients/builders.js";
import { move } from "../special-values/builders.js";
import type { Rows } from "./row.js";

const rowsOf = (graph: Graph, x: NodeId) => graph.shape(x)[0]!;

export const lookup = {
  embedding: {
    gradients: [
      one("repeats", [5, 3], (graph, table) => graph.embedding(table, [4, 1, 4, 4])),
      one("padding gets no gradient", [3, 2], (graph, table) => {
        // Differences see the padding row unless it is left out of the value too.
        const rows = graph.embedding(table, [2, 0, 1], { paddingIndex: 0 });
        return graph.indexSelect(rows, { dim: 0, indices: [0, 2] });
      }),
      one("no indices", [3, 2], (graph, table) => graph.embedding(table, [])),
      one("no columns", [3, 0], (graph, table) => graph.embedding(table, [1])),
    ],
    golden: {
      embedding: (graph, { node, host }, params) => {
        const { data, shape } = host("i");
        return graph.embedding(node("w"), data, { shape, paddingIndex: params["padding_idx"] as number | undefined });
      },
    },
    special: move("embedding", (graph, [table]) => graph.embedding(table!, [4, 60, 4, 4])),
    calls: [
      ({ square }) => [square, [0, 2, 1, 0], { shape: [2, 2], paddingIndex: 1 }],
      ({ square }) => [square, [0, 2, 1, 0]],
    ],
    program: {
      make(maker) {
        const { random } = maker;
        const weight = maker.any(2, 2);
        const vocabulary = weight.shape[0]!;
        if (vocabulary === 0) return null;
        const shape = [random.int(0, 3), random.int(1, 4)];
        const indices = Array.from({ length: sizeOf(shape) }, () => random.int(0, vocabulary - 1));
        const attributes = {
          indices,
          ...(random.chance(0.5) && { shape }),
          ...(random.chance(0.3) && { paddingIndex: random.int(0, vocabulary - 1) }),
        };
        return { inputs: [weight], attributes, range: weight };
      },
      call: (graph, [weight], { indices, ...attributes }) => graph.embedding(weight!, indices, attributes),
    },
  },
  gather: {
    gradients: [
      one("repeats", [3, 4], (graph, x) => graph.gather(x, { dim: 1, indices: [0, 3, 3, 1, 2, 2], shape: [3, 2] })),
      one("nothing", [2, 3], (graph, x) => graph.gather(x, { dim: 0, indices: [], shape: [0, 3] })),
    ],
    golden: {
      gather: (graph, { node, host }, params) => {
        const { data, shape } = host("i");
        return graph.gather(node("x"), { dim: params["dim"] as number, indices: Int32Array.from(data), shape });
      },
    },
    special: move("gather", (graph, [x]) => {
      const indices = Array.from({ length: rowsOf(graph, x!) }, () => [0, 6, 6]).flat();
      return graph.gather(x!, { dim: 1, indices, shape: [rowsOf(graph, x!), 3] });
    }),
    calls: [({ matrix }) => [matrix, { dim: 1, indices: [0, 2], shape: [2, 1] }]],
    program: moving(
      1,
      (maker, { shape }) => {
        const dim = maker.dim(shape);
        const taken = [...shape];
        taken[dim < 0 ? dim + shape.length : dim] = shape.at(dim) === 0 ? 0 : maker.random.int(0, 5);
        return { dim, shape: taken, indices: places(maker, shape.at(dim)!, sizeOf(taken)) };
      },
      (graph, [x], attributes) => graph.gather(x!, attributes),
    ),
  },
  indexSelect: {
    gradients: [
      one("repeats", [2, 5, 3], (graph, x) => graph.indexSelect(x, { dim: 1, indices: [4, 0, 4] })),
      one("nothing", [2, 3], (graph, x) => graph.indexSelect(x, { dim: -1, indices: [] })),
    ],
    golden: {
      index_select: (graph, { node, host }, params) => {
        return graph.indexSelect(node("x"), { dim: params["dim"] as number, indices: Int32Array.from(host("i").data) });
      },
    },
    special: move("indexSelect", (graph, [x]) => graph.indexSelect(x!, { dim: 1, indices: [4, 0, 4] })),
    calls: [({ matrix }) => [matrix, { dim: 1, indices: [0, 2, 2] }]],
    program: moving(
      1,
      (maker, { shape }) => {
        const dim = maker.dim(shape);
        return { dim, indices: places(maker, shape.at(dim)!, maker.random.int(0, 6)) };
      },
      (graph, [x], attributes) => graph.indexSelect(x!, attributes),
    ),
  },
} satisfies Rows;
