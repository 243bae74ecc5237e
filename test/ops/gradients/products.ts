import type { Cases } from "./check.js";
import { uniform } from "./numbers.js";

export const products = {
  linear: [
    {
      title: "with a bias",
      inputs: [uniform([2, 3, 5]), uniform([5, 7], -1, 1, 2), uniform([7], -1, 1, 3)],
      apply: (graph, [x, w, b]) => graph.linear(x!, w!, b),
    },
    {
      title: "without",
      inputs: [uniform([3, 5]), uniform([5, 1], -1, 1, 2)],
      apply: (graph, [x, w]) => graph.linear(x!, w!),
    },
    {
      title: "of no rows",
      inputs: [uniform([0, 5]), uniform([5, 2]), uniform([2])],
      apply: (graph, [x, w, b]) => graph.linear(x!, w!, b),
    },
    {
      title: "of no columns",
      inputs: [uniform([3, 0]), uniform([0, 2]), uniform([2])],
      apply: (graph, [x, w, b]) => graph.linear(x!, w!, b),
    },
  ],
  loraLinear: [
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
        graph.loraLinear(inputs, { bias: true, adapterInput: false, adapters: [{ start: 0, width: 7, scaling: 0.7 }] }),
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
        graph.loraLinear(inputs, { bias: false, adapterInput: true, adapters: [{ start: 0, width: 3, scaling: 1.5 }] }),
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
        ...[uniform([5, 2], -1, 1, 4), uniform([2, 4], -1, 1, 5)],
        ...[uniform([5, 1], -1, 1, 6), uniform([1, 3], -1, 1, 7)],
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
        ...[uniform([3, 2], -1, 1, 4), uniform([2, 4], -1, 1, 5)],
        ...[uniform([3, 2], -1, 1, 6), uniform([2, 2], -1, 1, 7)],
        ...[uniform([3, 1], -1, 1, 8), uniform([1, 1], -1, 1, 9)],
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
  matmul: [
    { title: "odd", inputs: [uniform([3, 5]), uniform([5, 7])], apply: (graph, [a, b]) => graph.matmul(a!, b!) },
    {
      title: "transposed, broadcast batches",
      inputs: [uniform([2, 1, 5, 3]), uniform([3, 2, 5])],
      apply: (graph, [a, b]) => graph.matmul(a!, b!, { transposeA: true, transposeB: true }),
    },
    { title: "vectors", inputs: [uniform([5]), uniform([5])], apply: (graph, [a, b]) => graph.matmul(a!, b!) },
    {
      title: "inner length 0",
      inputs: [uniform([3, 0]), uniform([0, 2])],
      apply: (graph, [a, b]) => graph.matmul(a!, b!),
    },
    { title: "no rows", inputs: [uniform([0, 3]), uniform([3, 2])], apply: (graph, [a, b]) => graph.matmul(a!, b!) },
    {
      title: "no batches",
      inputs: [uniform([0, 2, 3]), uniform([1, 3, 2])],
      apply: (graph, [a, b]) => graph.matmul(a!, b!),
    },
  ],
} satisfies Cases;
