import { one } from "./builders.js";
import type { Cases } from "./check.js";
import { uniform } from "./numbers.js";

export const shapes = {
  concat: [
    {
      title: "along the middle, one part empty",
      inputs: [uniform([2, 3, 2]), uniform([2, 0, 2]), uniform([2, 1, 2], -2, 2, 2)],
      apply: (graph, parts) => graph.concat(parts, 1),
    },
    { title: "one part", inputs: [uniform([3])], apply: (graph, parts) => graph.concat(parts, -1) },
  ],
  expand: [
    one("repeats in front and in the middle", [3, 1], (graph, x) => graph.expand(x, [2, 3, 4])),
    one("keeps -1", [1, 3], (graph, x) => graph.expand(x, [5, -1])),
    one("to nothing", [1, 3], (graph, x) => graph.expand(x, [0, 3])),
  ],
  gather: [
    one("repeats", [3, 4], (graph, x) => graph.gather(x, { dim: 1, indices: [0, 3, 3, 1, 2, 2], shape: [3, 2] })),
    one("nothing", [2, 3], (graph, x) => graph.gather(x, { dim: 0, indices: [], shape: [0, 3] })),
  ],
  indexSelect: [
    one("repeats", [2, 5, 3], (graph, x) => graph.indexSelect(x, { dim: 1, indices: [4, 0, 4] })),
    one("nothing", [2, 3], (graph, x) => graph.indexSelect(x, { dim: -1, indices: [] })),
  ],
  pad: [
    one("both sides", [2, 3, 2], (graph, x) => graph.pad(x, { dim: 1, before: 1, after: 2, value: 5 })),
    one("nothing", [0, 2], (graph, x) => graph.pad(x, { dim: 0, after: 2 })),
  ],
  permute: [
    one("three", [2, 3, 5], (graph, x) => graph.permute(x, [2, 0, 1])),
    one("five, reversed", [2, 3, 2, 2, 3], (graph, x) => graph.permute(x, [4, 3, 2, 1, 0])),
    one("a scalar", [], (graph, x) => graph.permute(x, [])),
    one("empty", [2, 0, 3], (graph, x) => graph.permute(x, [1, 2, 0])),
  ],
  reshape: [
    one("with -1", [2, 6], (graph, x) => graph.reshape(x, [3, -1])),
    one("twice, added up", [2, 3], (graph, x) => graph.add(graph.reshape(x, [6]), graph.reshape(x, [6]))),
    one("empty", [0, 3], (graph, x) => graph.reshape(x, [3, 0])),
  ],
  slice: [
    one("in the middle", [2, 5, 3], (graph, x) => graph.slice(x, { dim: 1, start: 1, end: 4 })),
    one("every second, from the end", [3, 7], (graph, x) => graph.slice(x, { dim: -1, start: -5, step: 2 })),
    one("nothing", [3, 4], (graph, x) => graph.slice(x, { dim: 0, start: 2, end: 1 })),
    one("beyond the end", [3, 4], (graph, x) => graph.slice(x, { dim: 0, start: -9, end: 9 })),
  ],
  transpose: [
    one("the last two", [2, 3, 5], (graph, x) => graph.transpose(x)),
    one("first and last", [2, 3, 5], (graph, x) => graph.transpose(x, 0, -1)),
    one("empty", [0, 3], (graph, x) => graph.transpose(x)),
  ],
} satisfies Cases;
