import type { Graph, NodeId } from "../../../ts/index.js";
import { most, within } from "../../properties/programs/rule.js";
import { uniform } from "../gradients/numbers.js";
import { product } from "../special-values/builders.js";
import type { OpRow } from "./row.js";

function lora(graph: Graph, inputs: NodeId[]): NodeId {
  const adapters = [{ start: 0, width: 6, scaling: 1.5 }];
  return graph.loraLinear(inputs, { bias: false, adapterInput: false, adapters });
}

const small = { low: -1, high: 1 };

export const loraLinear: OpRow = {
  gradients: [
    {
      title: "one adapter, bias",
      inputs: [
        uniform([3, 5]),
        uniform([5, 7], -1, 1, 2),
        uniform([7], -1, 1, 3),
        uniform([5, 2], -1, 1, 4),
        uniform([2, 7], -1, 1, 5),
      ],
      apply: (graph, inputs) =>
        graph.loraLinear(inputs, {
          bias: true,
          adapterInput: false,
          adapters: [{ start: 0, width: 7, scaling: 0.7 }],
        }),
      frozen: [1],
    },
    {
      title: "adapters on the first and last columns, no bias",
      inputs: [
        uniform([2, 2, 3]),
        uniform([3, 9], -1, 1, 2),
        uniform([3, 2], -1, 1, 4),
        uniform([2, 3], -1, 1, 5),
        uniform([3, 1], -1, 1, 6),
        uniform([1, 4], -1, 1, 7),
      ],
      apply: (graph, inputs) => {
        const adapters = [
          { start: 0, width: 3, scaling: 2 },
          { start: 5, width: 4, scaling: -0.5 },
        ];
        return graph.loraLinear(inputs, { bias: false, adapterInput: false, adapters });
      },
      frozen: [1],
    },
    {
      title: "an input of its own for the adapter",
      inputs: [
        uniform([3, 5]),
        uniform([5, 3], -1, 1, 2),
        uniform([3, 5], -1, 1, 3),
        uniform([5, 2], -1, 1, 4),
        uniform([2, 3], -1, 1, 5),
      ],
      apply: (graph, inputs) =>
        graph.loraLinear(inputs, {
          bias: false,
          adapterInput: true,
          adapters: [{ start: 0, width: 3, scaling: 1.5 }],
        }),
      frozen: [1],
    },
    {
      title: "columns that overlap",
      inputs: [
        uniform([3, 5]),
        uniform([5, 4], -1, 1, 2),
        uniform([5, 2], -1, 1, 3),
        uniform([2, 3], -1, 1, 4),
        uniform([5, 1], -1, 1, 5),
        uniform([1, 4], -1, 1, 6),
      ],
      apply: (graph, inputs) => {
        const adapters = [
          { start: 1, width: 3, scaling: 0.5 },
          { start: 0, width: 4, scaling: 2 },
        ];
        return graph.loraLinear(inputs, { bias: false, adapterInput: false, adapters });
      },
      frozen: [1],
    },
    {
      title: "rows of its own for each adapter, some of none, bias",
      inputs: [
        uniform([7, 5]),
        uniform([5, 4], -1, 1, 2),
        uniform([4], -1, 1, 3),
        uniform([5, 2], -1, 1, 4),
        uniform([2, 4], -1, 1, 5),
        uniform([5, 1], -1, 1, 6),
        uniform([1, 3], -1, 1, 7),
      ],
      apply: (graph, inputs) => {
        const adapters = [
          { start: 0, width: 4, scaling: 0.5, rows: { start: 4, end: 7 } },
          { start: 1, width: 3, scaling: 2, rows: { start: 1, end: 3 } },
        ];
        return graph.loraLinear(inputs, { bias: true, adapterInput: false, adapters });
      },
      frozen: [1],
    },
    {
      title: "rows that overlap, one adapter twice, an input of its own, no rows",
      inputs: [
        uniform([2, 3, 3]),
        uniform([3, 4], -1, 1, 2),
        uniform([2, 3, 3], -1, 1, 3),
        uniform([3, 2], -1, 1, 4),
        uniform([2, 4], -1, 1, 5),
        uniform([3, 2], -1, 1, 6),
        uniform([2, 2], -1, 1, 7),
        uniform([3, 1], -1, 1, 8),
        uniform([1, 1], -1, 1, 9),
      ],
      apply: (graph, [x, w, seen, a, b, ...others]) => {
        const adapters = [
          { start: 0, width: 4, scaling: 0.5, rows: { start: 0, end: 4 } },
          { start: 0, width: 4, scaling: -2, rows: { start: 3, end: 6 } },
          { start: 2, width: 2, scaling: 1.5, rows: { start: 2, end: 5 } },
          { start: 3, width: 1, scaling: 1, rows: { start: 6, end: 6 } },
        ];
        const attributes = { bias: false, adapterInput: true, adapters };
        return graph.loraLinear([x!, w!, seen!, a!, b!, a!, b!, ...others], attributes);
      },
      frozen: [1],
    },
    {
      title: "one node as x, the adapter's input, A and B",
      inputs: [uniform([3, 3], -0.5, 0.5), uniform([3, 3], -1, 1, 2)],
      apply: (graph, [x, w]) =>
        graph.loraLinear([x!, w!, x!, x!, x!], {
          bias: false,
          adapterInput: true,
          adapters: [{ start: 0, width: 3, scaling: 0.5 }],
        }),
      frozen: [1],
    },
    {
      title: "no rows",
      inputs: [uniform([0, 5]), uniform([5, 3]), uniform([5, 2]), uniform([2, 3])],
      apply: (graph, inputs) =>
        graph.loraLinear(inputs, {
          bias: false,
          adapterInput: false,
          adapters: [{ start: 0, width: 3, scaling: 1.5 }],
        }),
      frozen: [1],
    },
  ],
  golden: {},
  special: {
    ...product("loraLinear x", lora, [1]),
    ...product("loraLinear A", lora, [1]),
    ...product("loraLinear B", lora, [1]),
  },
  calls: [
    ({ matrix, weight, layer }) => [
      [matrix, weight, layer.loraA, layer.loraB],
      { bias: false, adapterInput: false, adapters: [{ start: 0, width: 4, scaling: 0.5 }] },
    ],
    ({ matrix, weight, layer }) => [
      [matrix, weight, matrix, layer.loraA, layer.loraB],
      {
        bias: false,
        adapterInput: true,
        adapters: [{ start: 0, width: 4, scaling: 0.5, rows: { start: 1, end: 2 } }],
      },
    ],
  ],
  program: {
    make(maker) {
      const { random } = maker;
      const x = maker.any(1, 3);
      const [inner, out] = [x.shape.at(-1)!, maker.length() + 1];
      // The weight is frozen by definition: a constant.
      const inputs = [x, maker.leaf([inner, out], small, false)];
      const [bias, adapterInput] = [random.chance(0.5), random.chance(0.3)];
      const rows = x.shape.slice(0, -1).reduce((all, length) => all * length, 1);
      if (bias) inputs.push(maker.like([out]));
      if (adapterInput) inputs.push(maker.like(x.shape, { low: -4, high: 4 }));
      const adapters = Array.from({ length: random.int(0, 2) }, () => {
        const start = random.int(0, out - 1);
        const [width, rank] = [random.int(1, out - start), random.int(1, 4)];
        inputs.push(maker.like([inner, rank], small), maker.like([rank, width], small));
        const columns = { start, width, scaling: random.pick([0.5, 1, -0.25]) };
        if (random.chance(0.5)) return columns;
        // Rows of two adapters may overlap, and be none.
        const first = random.int(0, rows);
        return { ...columns, rows: { start: first, end: random.int(first, rows) } };
      });
      const bound = (most(x) + 4) * inner * (1 + 8 * adapters.length) + 10;
      return { inputs, attributes: { bias, adapterInput, adapters }, range: within(bound) };
    },
    call: (graph, inputs, attributes) => graph.loraLinear(inputs, attributes),
  },
};
