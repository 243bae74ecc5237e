import { expect, it } from "vitest";
import {
  ConfigError,
  engineInfo,
  Graph,
  type LowrankError,
  MemoryError,
  ShapeError,
  zeros,
  type NodeId,
} from "../../ts/index.js";

type Use = (graph: Graph, input: (...shape: number[]) => NodeId) => NodeId;

type Mistake = [string, typeof ShapeError | typeof ConfigError | typeof MemoryError, string, object, Use];

/**
 * What is thrown, word for word: a message names the op, what came, and what was expected. Details say so to programs, beside
 * the op and the shapes of its inputs.
 */
const mistakes: Mistake[] = [
  [
    "operands that do not broadcast",
    ShapeError,
    "add: [2, 3] and [4]: lengths 3 and 4 of dimension -1 differ and neither is 1",
    { dim: -1 },
    (graph, input) => graph.add(input(2, 3), input(4)),
  ],
  [
    "a dimension that is not there",
    ShapeError,
    "sum: dimension 2 of [2, 3]: expected -2 to 1",
    { option: "dim", value: 2, length: 2 },
    (graph, input) => graph.sum(input(2, 3), { dim: 2 }),
  ],
  [
    "a dimension of a scalar",
    ShapeError,
    "mean: dimension 0 of []: a scalar has none",
    { option: "dim", value: 0, length: 0 },
    (graph, input) => graph.mean(input(), { dim: 0 }),
  ],
  [
    "a dimension named twice",
    ShapeError,
    "sum: dimensions [0, 0] of [2, 3] name one twice",
    { option: "dim", value: [0, 0] },
    (graph, input) => graph.sum(input(2, 3), { dim: [0, -2] }),
  ],
  [
    "an extreme of nothing",
    ShapeError,
    "amax: [2, 0] has no elements to choose from",
    {},
    (graph, input) => graph.amax(input(2, 0), { dim: 1 }),
  ],
  [
    "a shape that holds another number of elements",
    ShapeError,
    "reshape: [2, 3] to [4, 2]: 6 elements do not fill 8",
    { option: "shape", value: [4, 2] },
    (graph, input) => graph.reshape(input(2, 3), [4, 2]),
  ],
  [
    "two open lengths",
    ShapeError,
    "reshape: [2, 3] to [-1, -1]: only one length may be -1",
    { option: "shape", value: [-1, -1] },
    (graph, input) => graph.reshape(input(2, 3), [-1, -1]),
  ],
  [
    "an open length that does not come out even",
    ShapeError,
    "reshape: [2, 3] to [4, -1]: 6 elements do not fill 4",
    { option: "shape", value: [4, -1] },
    (graph, input) => graph.reshape(input(2, 3), [4, -1]),
  ],
  [
    "too few dimensions to permute",
    ShapeError,
    "permute: [2, 3] has 2 dimensions, got [1]",
    { option: "dims", value: [1] },
    (graph, input) => graph.permute(input(2, 3), [1]),
  ],
  [
    "parts that do not line up",
    ShapeError,
    "concat: each must have shape [2, 3], got [2, 4]",
    { input: "each", expected: [2, 3], actual: [2, 4] },
    (graph, input) => graph.concat([input(2, 3), input(2, 4)], 0),
  ],
  ["no parts", ShapeError, "concat: takes one tensor or more, got none", {}, (graph) => graph.concat([], 0)],
  [
    "a step back",
    ShapeError,
    "slice: start 0, end open, step -1: takes whole numbers and a step from 1",
    { start: 0, end: undefined, step: -1 },
    (graph, input) => graph.slice(input(3), { dim: 0, step: -1 }),
  ],
  [
    "a length that cannot repeat",
    ShapeError,
    "expand: [2, 3] does not repeat to [2, 6]: only lengths of 1 do",
    { option: "shape", value: [2, 6] },
    (graph, input) => graph.expand(input(2, 3), [2, 6]),
  ],
  [
    "a negative padding",
    ShapeError,
    "pad: before is a whole number from 0, got -1",
    { option: "before", expected: "a whole number from 0", value: -1 },
    (graph, input) => graph.pad(input(3), { dim: 0, before: -1 }),
  ],
  [
    "an index beyond the end",
    ShapeError,
    "indexSelect: index 3 at 1 is not in 0 to 2",
    { option: "indices", value: 3, place: 1, length: 3 },
    (graph, input) => graph.indexSelect(input(3), { dim: 0, indices: [0, 3] }),
  ],
  [
    "indices of another shape",
    ShapeError,
    "gather: indices must have shape [2, 1], got [3, 1]",
    { input: "indices", expected: [2, 1], actual: [3, 1] },
    (graph, input) => graph.gather(input(2, 3), { dim: 1, indices: [0, 0, 0], shape: [3, 1] }),
  ],
  [
    "a scalar to normalise",
    ShapeError,
    "normalize: x must be [..., d], got []",
    { input: "x", expected: "[..., d]", actual: [] },
    (graph, input) => graph.normalize(input()),
  ],
  [
    "an eps that divides by nothing",
    ConfigError,
    "normalize: eps is a number above 0, got 0",
    { option: "eps", expected: "a number above 0", value: 0 },
    (graph, input) => graph.normalize(input(3), { eps: 0 }),
  ],
  [
    "limits the wrong way round",
    ConfigError,
    "clamp: min 2 is greater than max 1",
    { min: 2, max: 1 },
    (graph, input) => graph.clamp(input(3), { min: 2, max: 1 }),
  ],
  [
    "no exponent",
    ConfigError,
    "pow: the exponent is a finite number, got NaN",
    { option: "exponent", expected: "a finite number", value: NaN },
    (graph, input) => graph.pow(input(3), NaN),
  ],
  [
    "inner lengths of a product",
    ShapeError,
    "matmul: [2, 3] × [4, 5]: inner dimensions 3 and 4 differ",
    { transposeA: false, transposeB: false },
    (graph, input) => graph.matmul(input(2, 3), input(4, 5)),
  ],
  [
    "a negative length to repeat to",
    ShapeError,
    "expand: [1] to [-5]: lengths are whole numbers from 0, or -1 for the input's own",
    { option: "shape", value: [-5] },
    (graph, input) => graph.expand(input(1), [-5]),
  ],
  [
    "half a length to repeat to",
    ShapeError,
    "expand: [1] to [2.5]: lengths are whole numbers from 0, or -1 for the input's own",
    { option: "shape", value: [2.5] },
    (graph, input) => graph.expand(input(1), [2.5]),
  ],
  [
    "a new dimension of no length of its own",
    ShapeError,
    "expand: [1] to [-1, 1]: lengths are whole numbers from 0, or -1 for the input's own",
    { option: "shape", value: [-1, 1] },
    (graph, input) => graph.expand(input(1), [-1, 1]),
  ],
  [
    "more elements than memory can have",
    MemoryError,
    "expand: a tensor of shape [4294967297] is larger than linear memory can be (2^30 elements)",
    { shape: [2 ** 32 + 1], requested: 4 * (2 ** 32 + 1), maximum: 2 ** 32 },
    (graph, input) => graph.expand(input(1), [2 ** 32 + 1]),
  ],
  [
    "lengths that wrap around beside a 0",
    MemoryError,
    "reshape: a tensor of shape [0, 4294967297] is larger than linear memory can be (2^30 elements)",
    { shape: [0, 2 ** 32 + 1], requested: 4 * (2 ** 32 + 1), maximum: 2 ** 32 },
    (graph, input) => graph.reshape(input(0), [0, 2 ** 32 + 1]),
  ],
  [
    "indices in a shape of negative lengths",
    ShapeError,
    "embedding: a shape is a list of whole numbers from 0, got [-1,-2]",
    { option: "shape", expected: "a list of whole numbers from 0", value: [-1, -2] },
    (graph, input) => graph.embedding(input(3, 2), [0, 1], { shape: [-1, -2] }),
  ],
  [
    "a padding row that is not there",
    ConfigError,
    "embedding: paddingIndex 3 is not below the 3 rows of the weight",
    { option: "paddingIndex", value: 3, length: 3 },
    (graph, input) => graph.embedding(input(3, 2), [0], { paddingIndex: 3 }),
  ],
  [
    "an adapter's input with other rows",
    ShapeError,
    "loraLinear: the adapters' input must have x's shape [2, 3], got [5, 3]",
    { input: "input", expected: [2, 3], actual: [5, 3] },
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
    { option: "inputs", expected: 4, actual: 3 },
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
    { option: "start", expected: "a whole number from 0", value: 0.5 },
    (graph, input) =>
      graph.loraLinear([input(2, 3), input(3, 4), input(3, 1), input(1, 2)], {
        bias: false,
        adapterInput: false,
        adapters: [{ start: 0.5, width: 2, scaling: 1 }],
      }),
  ],
  ...(
    [
      ["rows beyond the last", ShapeError, "rows 1 to 3 are not within the input's 2", { start: 1, end: 3 }],
      ["rows that all lie beyond", ShapeError, "rows 5 to 6 are not within the input's 2", { start: 5, end: 6 }],
      ["no row: negative", ConfigError, "rows.start is a whole number from 0, got -1", { start: -1, end: 2 }],
      ["no row: half of one", ConfigError, "rows.end is a whole number from 0, got 1.5", { start: 0, end: 1.5 }],
      ["no row: NaN", ConfigError, "rows.end is a whole number from 0, got NaN", { start: 0, end: NaN }],
      ["no row: no end", ConfigError, "rows.end is a whole number from 1, got undefined", { start: 1 }],
      [
        "no row: the end before the start",
        ConfigError,
        "rows.end is a whole number from 2, got 1",
        { start: 2, end: 1 },
      ],
      ["no row: null", ConfigError, "rows is { start, end }, got null", null],
    ] as const
  ).map(([title, kind, message, rows]): Mistake => [
    title,
    kind,
    `loraLinear: ${message}`,
    kind === ShapeError
      ? { ...rows, length: 2 }
      : rows === null
        ? { option: "rows", expected: "{ start, end }", value: null }
        : {
            option: message.split(" ")[0],
            expected: /a whole number from \d/.exec(message)![0],
            value: message.startsWith("rows.start") ? rows.start : "end" in rows ? rows.end : undefined,
          },
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
    { option: "scaling", expected: "a finite number", value: NaN },
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
    { input: "weight", expected: [3], actual: [2] },
    (graph, input) => graph.layerNorm(input(2, 3), input(2), null, { normalizedShape: 3 }),
  ],
  [
    "null for options",
    ConfigError,
    "matmul: options are an object, got null",
    { option: "options", expected: "an object", value: null },
    (graph, input) => graph.matmul(input(2, 3), input(3, 2), null as never),
  ],
  [
    "an option of another library",
    ConfigError,
    'sum: there is no option "axis"; did you mean "dim"? (there are dim, keepDim)',
    { option: "axis", meant: "dim", allowed: ["dim", "keepDim"] },
    (graph, input) => graph.sum(input(2, 3), { axis: 0 } as never),
  ],
  [
    "offsets that fall",
    ConfigError,
    "meanPool: offsets must not fall, got 2, 1 at place 2",
    { option: "offsets", value: [0, 2, 1, 3], place: 2 },
    (graph, input) => graph.meanPool(input(3, 2), [0, 2, 1, 3]),
  ],
  [
    "half an offset",
    ConfigError,
    "meanPool: offsets is a list of whole numbers, got 1.5 at place 1",
    { option: "offsets", expected: "a list of whole numbers", value: 1.5, place: 1 },
    (graph, input) => graph.meanPool(input(3, 2), [0, 1.5, 3]),
  ],
  [
    "a target that is no class",
    ConfigError,
    "crossEntropy: target 3 of row 1: classes are 0 to 2, ignored is -100",
    { option: "targets", value: 3, place: 1, length: 3 },
    (graph, input) => graph.crossEntropy(input(2, 3), [0, 3]),
  ],
  [
    "a class weight that is no number",
    ConfigError,
    "crossEntropy: weight[1] is a finite number, got NaN",
    { option: "weight[1]", expected: "a finite number", value: NaN },
    (graph, input) => graph.crossEntropy(input(1, 2), [0], { weight: [1, NaN] }),
  ],
  [
    "a reduction of another library",
    ConfigError,
    'mseLoss: reduction is one of "mean", "sum", "none", got "avg"',
    {
      option: "reduction",
      expected: 'one of "mean", "sum", "none"',
      value: "avg",
      allowed: ["mean", "sum", "none"],
    },
    (graph, input) => graph.mseLoss(input(2), input(2), { reduction: "avg" as never }),
  ],
  [
    "offsets that end early",
    ConfigError,
    "meanPool: offsets must go from 0 to the 3 rows there are, got 0 to 2",
    { option: "offsets", value: [0, 2], length: 3 },
    (graph, input) => graph.meanPool(input(3, 2), [0, 2]),
  ],
  [
    "a limit that is no number",
    ConfigError,
    "clamp: min is a number, got NaN",
    { option: "min", expected: "a number", value: NaN },
    (graph, input) => graph.clamp(input(3), { min: NaN }),
  ],
  [
    "an input of another width",
    ShapeError,
    "linear: [2, 3] × [4, 5]: the input's last dimension must be 4",
    {},
    (graph, input) => graph.linear(input(2, 3), input(4, 5), null),
  ],
  [
    "heads that do not divide",
    ShapeError,
    "scaledDotProductAttention: q [1, 3, 2, 4], k and v [1, 2, 2, 4]: 2 heads do not divide 3",
    {},
    (graph, input) => graph.scaledDotProductAttention(input(1, 3, 2, 4), input(1, 2, 2, 4), input(1, 2, 2, 4)),
  ],
  [
    "columns beyond the weight",
    ShapeError,
    "loraLinear: columns 3 to 5 are not within the weight's 4",
    { start: 3, width: 2, length: 4 },
    (graph, input) =>
      graph.loraLinear([input(2, 3), input(3, 4), input(3, 1), input(1, 2)], {
        bias: false,
        adapterInput: false,
        adapters: [{ start: 3, width: 2, scaling: 1 }],
      }),
  ],
];

/** Refused with the arguments, before the inputs are looked at: these know no shapes. */
const early =
  /^(an eps|no row|no exponent|limits|half a col|half an|a scaling|null|an option|a step|a neg.* padding|indices in|a class w|a reduction|a limit)/;

it.each(mistakes)("%s", (name, kind, message, details, use) => {
  using graph = new Graph();
  const shapes: (readonly number[])[] = [];
  const act = () => use(graph, (...shape) => (shapes.push(shape), graph.constant(zeros(shape))));
  let thrown: unknown;
  try {
    act();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(kind);
  expect((thrown as Error).message).toBe(message);
  const where = early.test(name) ? {} : { shapes };
  expect((thrown as LowrankError).details).toEqual({ op: message.split(":")[0], ...where, ...details });
});

it("refuses attention whose scratch has more elements than 32 bits can say", () => {
  const graph = new Graph({ seed: 1 });
  const [q, k] = [graph.constant(zeros([1, 1, 1, 0])), graph.constant(zeros([1, 1, 2 ** 26, 0]))];
  const { used } = engineInfo().memory;
  const call = () => graph.scaledDotProductAttention(q, k, k);
  expect(call).toThrow(MemoryError);
  expect(call).toThrow(/^linear memory: there is no memory for \d{10,} values$/);
  expect(engineInfo().memory.used).toBe(used);
  graph.dispose();
});
