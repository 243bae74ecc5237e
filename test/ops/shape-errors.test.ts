import { expect, it } from "vitest";
import { ConfigError, Graph, MemoryError, ShapeError, zeros, type NodeId } from "../../ts/index.js";

type Use = (graph: Graph, input: (...shape: number[]) => NodeId) => NodeId;

type Mistake = [string, typeof ShapeError | typeof ConfigError | typeof MemoryError, string, Use];

/** What is thrown, word for word: a message names the op, what came, and what was expected. */
const mistakes: Mistake[] = [
  [
    "operands that do not broadcast",
    ShapeError,
    "add: [2, 3] and [4]: lengths 3 and 4 of dimension -1 differ",
    (graph, input) => graph.add(input(2, 3), input(4)),
  ],
  [
    "a dimension that is not there",
    ShapeError,
    "sum: dimension 2 of [2, 3]: expected -2 to 1",
    (graph, input) => graph.sum(input(2, 3), { dim: 2 }),
  ],
  [
    "a dimension of a scalar",
    ShapeError,
    "mean: dimension 0 of []: a scalar has none",
    (graph, input) => graph.mean(input(), { dim: 0 }),
  ],
  [
    "a dimension named twice",
    ShapeError,
    "sum: dimensions [0, 0] of [2, 3] name one twice",
    (graph, input) => graph.sum(input(2, 3), { dim: [0, -2] }),
  ],
  [
    "an extreme of nothing",
    ShapeError,
    "amax: [2, 0] has no elements",
    (graph, input) => graph.amax(input(2, 0), { dim: 1 }),
  ],
  [
    "a shape that holds another number of elements",
    ShapeError,
    "reshape: [2, 3] to [4, 2]: 6 elements do not fill 8",
    (graph, input) => graph.reshape(input(2, 3), [4, 2]),
  ],
  [
    "two open lengths",
    ShapeError,
    "reshape: [2, 3] to [-1, -1]: only one length may be -1",
    (graph, input) => graph.reshape(input(2, 3), [-1, -1]),
  ],
  [
    "an open length that does not come out even",
    ShapeError,
    "reshape: [2, 3] to [4, -1]: 6 elements do not fill 4",
    (graph, input) => graph.reshape(input(2, 3), [4, -1]),
  ],
  [
    "too few dimensions to permute",
    ShapeError,
    "permute: [2, 3] has 2 dimensions, got [1]",
    (graph, input) => graph.permute(input(2, 3), [1]),
  ],
  [
    "parts that do not line up",
    ShapeError,
    "concat: each must have shape [2, 3], got [2, 4]",
    (graph, input) => graph.concat([input(2, 3), input(2, 4)], 0),
  ],
  ["no parts", ShapeError, "concat: takes tensors, got none", (graph) => graph.concat([], 0)],
  [
    "a step back",
    ShapeError,
    "slice: start 0, end open, step -1: takes whole numbers, step from 1",
    (graph, input) => graph.slice(input(3), { dim: 0, step: -1 }),
  ],
  [
    "a length that cannot repeat",
    ShapeError,
    "expand: [2, 3] does not repeat to [2, 6]",
    (graph, input) => graph.expand(input(2, 3), [2, 6]),
  ],
  [
    "a negative padding",
    ShapeError,
    "pad: before is a whole number from 0, got -1",
    (graph, input) => graph.pad(input(3), { dim: 0, before: -1 }),
  ],
  [
    "an index beyond the end",
    ShapeError,
    "indexSelect: index 3 at 1 is not in 0 to 2",
    (graph, input) => graph.indexSelect(input(3), { dim: 0, indices: [0, 3] }),
  ],
  [
    "indices of another shape",
    ShapeError,
    "gather: indices must have shape [2, 1], got [3, 1]",
    (graph, input) => graph.gather(input(2, 3), { dim: 1, indices: [0, 0, 0], shape: [3, 1] }),
  ],
  [
    "a scalar to normalise",
    ShapeError,
    "normalize: x must be [..., d], got []",
    (graph, input) => graph.normalize(input()),
  ],
  [
    "an eps that divides by nothing",
    ConfigError,
    "normalize: eps is a number above 0, got 0",
    (graph, input) => graph.normalize(input(3), { eps: 0 }),
  ],
  [
    "limits the wrong way round",
    ConfigError,
    "clamp: min 2 is greater than max 1",
    (graph, input) => graph.clamp(input(3), { min: 2, max: 1 }),
  ],
  [
    "no exponent",
    ConfigError,
    "pow: the exponent is a finite number, got NaN",
    (graph, input) => graph.pow(input(3), NaN),
  ],
  [
    "inner lengths of a product",
    ShapeError,
    "matmul: [2, 3] × [4, 5]: inner dimensions 3 and 4 differ",
    (graph, input) => graph.matmul(input(2, 3), input(4, 5)),
  ],
  [
    "a negative length to repeat to",
    ShapeError,
    "expand: [1] to [-5]: lengths are whole numbers from -1",
    (graph, input) => graph.expand(input(1), [-5]),
  ],
  [
    "half a length to repeat to",
    ShapeError,
    "expand: [1] to [2.5]: lengths are whole numbers from -1",
    (graph, input) => graph.expand(input(1), [2.5]),
  ],
  [
    "a new dimension of no length of its own",
    ShapeError,
    "expand: [1] to [-1, 1]: lengths are whole numbers from -1",
    (graph, input) => graph.expand(input(1), [-1, 1]),
  ],
  [
    "more elements than memory can have",
    MemoryError,
    "expand: a tensor of shape [4294967297] is larger than linear memory can be",
    (graph, input) => graph.expand(input(1), [2 ** 32 + 1]),
  ],
  [
    "lengths that wrap around beside a 0",
    MemoryError,
    "reshape: a tensor of shape [0, 4294967297] is larger than linear memory can be",
    (graph, input) => graph.reshape(input(0), [0, 2 ** 32 + 1]),
  ],
  [
    "indices in a shape of negative lengths",
    ShapeError,
    "embedding: a shape is a list of whole numbers from 0, got [-1,-2]",
    (graph, input) => graph.embedding(input(3, 2), [0, 1], { shape: [-1, -2] }),
  ],
  [
    "a padding row that is not there",
    ConfigError,
    "embedding: paddingIndex 3 is not below 3 rows",
    (graph, input) => graph.embedding(input(3, 2), [0], { paddingIndex: 3 }),
  ],
  [
    "an adapter's input with other rows",
    ShapeError,
    "loraLinear: the adapters' input must have x's shape [2, 3], got [5, 3]",
    (graph, input) =>
      graph.loraLinear([input(2, 3), input(3, 4), input(5, 3), input(3, 1), input(1, 4)], {
        bias: false,
        adapterInput: true,
        adapters: [{ start: 0, width: 4, scaling: 1 }],
      }),
  ],
  [
    "an adapter without its B",
    ShapeError,
    "loraLinear: takes 4 inputs, got 3",
    (graph, input) =>
      graph.loraLinear([input(2, 3), input(3, 4), input(3, 1)], {
        bias: false,
        adapterInput: false,
        adapters: [{ start: 0, width: 4, scaling: 1 }],
      }),
  ],
  [
    "half a column",
    ConfigError,
    "loraLinear: start is a whole number from 0, got 0.5",
    (graph, input) =>
      graph.loraLinear([input(2, 3), input(3, 4), input(3, 1), input(1, 2)], {
        bias: false,
        adapterInput: false,
        adapters: [{ start: 0.5, width: 2, scaling: 1 }],
      }),
  ],
  ...(
    [
      ["rows beyond the last", ShapeError, "rows 1 to 3 are not within 2", { start: 1, end: 3 }],
      ["rows that all lie beyond", ShapeError, "rows 5 to 6 are not within 2", { start: 5, end: 6 }],
      ["negative rows", ConfigError, "rows.start is a whole number from 0, got -1", { start: -1, end: 2 }],
      ["half a row", ConfigError, "rows.end is a whole number from 0, got 1.5", { start: 0, end: 1.5 }],
      ["rows that are no number", ConfigError, "rows.end is a whole number from 0, got NaN", { start: 0, end: NaN }],
      ["rows without an end", ConfigError, "rows.end is a whole number from 1, got undefined", { start: 1 }],
      [
        "rows that end before they start",
        ConfigError,
        "rows.end is a whole number from 2, got 1",
        { start: 2, end: 1 },
      ],
      ["no rows at all", ConfigError, "rows is { start, end }, got null", null],
    ] as const
  ).map(([title, kind, message, rows]): Mistake => [
    title,
    kind,
    `loraLinear: ${message}`,
    (graph, input) =>
      graph.loraLinear([input(2, 3), input(3, 4), input(3, 1), input(1, 4)], {
        bias: false,
        adapterInput: false,
        adapters: [{ start: 0, width: 4, scaling: 1, rows: rows as never }],
      }),
  ]),
  [
    "a scaling that is no number",
    ConfigError,
    "loraLinear: scaling is a finite number, got NaN",
    (graph, input) =>
      graph.loraLinear([input(2, 3), input(3, 4), input(3, 1), input(1, 4)], {
        bias: false,
        adapterInput: false,
        adapters: [{ start: 0, width: 4, scaling: NaN }],
      }),
  ],
  [
    "a weight of another shape",
    ShapeError,
    "layerNorm: weight must have shape [3], got [2]",
    (graph, input) => graph.layerNorm(input(2, 3), input(2), null, { normalizedShape: 3 }),
  ],
  [
    "null for options",
    ConfigError,
    "matmul: options are an object, got null",
    (graph, input) => graph.matmul(input(2, 3), input(3, 2), null as never),
  ],
  [
    "an option of another library",
    ConfigError,
    'sum: there is no option "axis"; did you mean "dim"? (there are dim, keepDim)',
    (graph, input) => graph.sum(input(2, 3), { axis: 0 } as never),
  ],
  [
    "offsets that fall",
    ConfigError,
    "meanPool: offsets must not fall, got 2, 1",
    (graph, input) => graph.meanPool(input(3, 2), [0, 2, 1, 3]),
  ],
  [
    "half an offset",
    ConfigError,
    "meanPool: offsets is a list of whole numbers, got 1.5 at place 1",
    (graph, input) => graph.meanPool(input(3, 2), [0, 1.5, 3]),
  ],
];

it.each(mistakes)("%s", (_, error, message, use) => {
  using graph = new Graph();
  const act = () => use(graph, (...shape) => graph.constant(zeros(shape)));
  expect(act).toThrow(error);
  expect(act).toThrow(new RegExp(`^${message.replace(/[[\]().*+?^$|\\]/g, "\\$&")}$`));
});
