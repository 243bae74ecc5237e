import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  cachedSentenceLoss,
  crossEncoderLoss,
  type CrossEncoderLossName,
  type CrossEncoderLossOptions,
  Graph,
  type NodeId,
  sentenceLoss,
  type SentenceLossName,
  type SentenceLossOptions,
} from "../../../ts/index.js";
import { farthest } from "./golden-losses.js";

interface Kind {
  readonly name: SentenceLossName;
  readonly columns: number;
  /** Options for a number of rows. */
  readonly options?: (rows: number, width: number) => SentenceLossOptions;
  /** Whether the lengths of vectors do not count. */
  readonly scaleFree?: boolean;
  /** Whether the loss is that of a sum or set of rows, so that their order does not count. */
  readonly ordered?: boolean;
}

const labels = (rows: number) => Array.from({ length: rows }, (_, i) => i % 2);
const scores = (rows: number) => Array.from({ length: rows }, (_, i) => ((i * 7) % 5) / 5);
const matrix = (rows: number, columns: number, seed: number) =>
  Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => Math.sin(3 * i + 7 * j + seed)));
const labelled = (rows: number) => ({ labels: labels(rows) });
const scored = (rows: number) => ({ scores: scores(rows) });

const kinds: Kind[] = [
  { name: "multiple-negatives-ranking", columns: 3, scaleFree: true },
  { name: "multiple-negatives-symmetric-ranking", columns: 2, scaleFree: true },
  {
    name: "gist-embed",
    columns: 3,
    scaleFree: true,
    options: (rows) => ({ guide: [1, 2, 3].map((seed) => matrix(rows, 4, seed)), temperature: 0.5 }),
  },
  { name: "triplet", columns: 3 },
  { name: "triplet", columns: 3, scaleFree: true, options: () => ({ distanceMetric: "cosine" }) },
  { name: "contrastive", columns: 2, scaleFree: true, options: labelled },
  { name: "online-contrastive", columns: 2, scaleFree: true, options: labelled },
  { name: "cosine-similarity", columns: 2, scaleFree: true, options: scored },
  { name: "cosent", columns: 2, scaleFree: true, options: scored },
  { name: "angle", columns: 2, scaleFree: true, options: scored },
  {
    name: "softmax",
    columns: 2,
    options: (rows, width) => ({ labels: labels(rows), head: { weight: matrix(3 * width, 3, 1), bias: [1, 0, 2] } }),
  },
  { name: "mse", columns: 1, options: (rows, width) => ({ teacher: matrix(rows, width, 4) }) },
  {
    name: "embed-distill",
    columns: 2,
    scaleFree: true,
    options: (rows, width) => ({ teacher: matrix(rows, width, 4) }),
  },
  { name: "margin-mse", columns: 4, options: (rows) => ({ labels: matrix(rows, 2, 6) }) },
  { name: "distill-kl-div", columns: 3, options: (rows) => ({ labels: matrix(rows, 2, 6) }) },
  { name: "distillation", columns: 3, options: scored },
  { name: "batch-all-triplet", columns: 1, options: labelled },
  { name: "batch-hard-triplet", columns: 1, options: labelled },
  { name: "batch-hard-soft-margin-triplet", columns: 1, options: labelled },
  { name: "batch-semi-hard-triplet", columns: 1, options: labelled },
  { name: "matryoshka", columns: 2, scaleFree: true, options: () => ({ matryoshkaDims: [2, 4] }) },
];
const titled = kinds.map(
  (kind) => [`${kind.name}, ${JSON.stringify(kind.options?.(0, 4) ?? {}).slice(0, 40)}`, kind] as const,
);

type Rows = number[][];

/** The loss of columns of rows, and its gradients if asked for. */
function lossOf({ name, options }: Pick<Kind, "name" | "options">, columns: readonly Rows[], gradients = false) {
  using graph = new Graph();
  return graph.step(() => {
    const [rows, width] = [columns[0]!.length, columns[0]![0]!.length];
    const nodes = columns.map((column) =>
      graph.variable({ shape: [rows, width], data: Float32Array.from(column.flat()) }),
    );
    const loss = sentenceLoss(graph, name, nodes, options?.(rows, width));
    const value = graph.value(loss).data[0]!;
    if (!gradients) return { value, gradients: [] };
    graph.backward(loss);
    return { value, gradients: nodes.map((node) => graph.grad(node)!.data) };
  });
}

const WIDTH = 4;
/** Rows whose elements are far from 0, so that lengths do not vanish. */
const element = fc.integer({ min: -20, max: 20 }).map((n) => (n + 0.5) / 10);
const row = fc.array(element, { minLength: WIDTH, maxLength: WIDTH });
const columnsOf = (count: number, least = 1) =>
  fc
    .integer({ min: least, max: 5 })
    .chain((n) => fc.array(fc.array(row, { minLength: n, maxLength: n }), { minLength: count, maxLength: count }));

const near = (a: number, b: number, tolerance = 2e-5) =>
  expect(Math.abs(a - b) / Math.max(1, Math.abs(a))).toBeLessThan(tolerance);

describe.each(titled)("%s", (_, kind) => {
  it("is finite, with finite gradients, for rows of any kind, from one on", () => {
    fc.assert(
      fc.property(columnsOf(kind.columns), (columns) => {
        const { value, gradients } = lossOf(kind, columns, true);
        expect(Number.isFinite(value)).toBe(true);
        expect(gradients.every((gradient) => gradient.every(Number.isFinite))).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it("has the gradients of central differences", () => {
    // Away from equal distances, where a loss that chooses has a kink.
    const columns = Array.from({ length: kind.columns }, (_, c) =>
      matrix(4, WIDTH, 11 * c + 1).map((each) => each.map((x) => 1.3 * x + 0.2)),
    );
    const { gradients } = lossOf(kind, columns, true);
    const step = 2 ** -8;
    columns.forEach((column, c) => {
      column.forEach((each, i) => {
        each.forEach((x, j) => {
          const moved = (by: number) => {
            const copy = columns.map((rows) => rows.map((values) => [...values]));
            copy[c]![i]![j] = x + by;
            return lossOf(kind, copy).value;
          };
          const [wide, narrow] = [moved(2 * step) - moved(-2 * step), moved(step) - moved(-step)];
          const expected = (8 * narrow - wide) / (12 * step);
          expect(Math.abs(gradients[c]![i * WIDTH + j]! - expected) / Math.max(1, Math.abs(expected))).toBeLessThan(
            3e-3,
          );
        });
      });
    });
  });

  it("is finite for equal vectors and for zeros, and NaN stays NaN", () => {
    const all = (x: number) => Array.from({ length: kind.columns }, () => [1, 2, 3].map(() => [x, x, x, x]));
    for (const x of [0, 1]) {
      const { value, gradients } = lossOf(kind, all(x), true);
      expect(Number.isFinite(value)).toBe(true);
      expect(gradients.every((gradient) => gradient.every(Number.isFinite))).toBe(true);
    }
    const spoilt = all(1).map((column) => column.map((each, i) => each.map((x, j) => x + i * j)));
    spoilt[kind.columns - 1]![1]![2] = NaN;
    expect(lossOf(kind, spoilt).value).toBeNaN();
  });

  if (kind.scaleFree) {
    it("does not depend on the lengths of the vectors", () => {
      const scaled = fc.tuple(columnsOf(kind.columns), fc.integer({ min: -3, max: 5 }));
      fc.assert(
        fc.property(scaled, ([columns, power]) => {
          const longer = columns.map((column, c) => column.map((each) => each.map((x) => x * 2 ** (power + c))));
          near(lossOf(kind, longer).value, lossOf(kind, columns).value);
        }),
        { numRuns: 30 },
      );
    });
  }
});

it("the order of the rows does not count", () => {
  const orderless: Kind[] = [
    { name: "multiple-negatives-ranking", columns: 3 },
    { name: "triplet", columns: 3 },
    { name: "matryoshka", columns: 2, options: () => ({ matryoshkaDims: [3, 1] }) },
  ];
  const withOrder = fc.tuple(fc.constantFrom(...orderless), columnsOf(3, 2), fc.integer({ min: 1, max: 4 }));
  fc.assert(
    fc.property(withOrder, ([kind, all, shift]) => {
      const columns = all.slice(0, kind.columns);
      const turned = columns.map((column) => column.map((_, i) => column[(i + shift) % column.length]!));
      near(lossOf(kind, turned).value, lossOf(kind, columns).value);
    }),
  );
});

it("labels follow their rows", () => {
  const names = ["cosine-similarity", "cosent", "angle", "contrastive", "online-contrastive"] as const;
  fc.assert(
    fc.property(fc.constantFrom(...names), columnsOf(2, 2), (name, columns) => {
      const n = columns[0]!.length;
      const turned = columns.map((column) => column.map((_, i) => column[(i + 1) % n]!));
      const own = labels(n);
      const given = (list: number[]) => ({ name, options: () => ({ labels: list }) });
      near(lossOf(given(own.map((_, i) => own[(i + 1) % n]!)), turned).value, lossOf(given(own), columns).value);
    }),
  );
});

it("one row has no other to be compared with: the loss of multiple negatives is 0", () => {
  const { value, gradients } = lossOf({ name: "multiple-negatives-ranking" }, [[[1, 2]], [[3, -1]]], true);
  expect(value).toBe(0);
  expect(gradients.every((gradient) => gradient.every((x) => x === 0))).toBe(true);
});

it("any loss is computed for Matryoshka dimensions, as by the class around it", () => {
  const columns = [matrix(4, WIDTH, 1), matrix(4, WIDTH, 2)];
  const sizes = { matryoshkaDims: [4, 2], matryoshkaWeights: [1, 0.5] };
  const short = lossOf({ name: "cosent", options: () => ({ scores: scores(4), scale: 7, ...sizes }) }, columns);
  const inner = { name: "cosent" as const, options: { scores: scores(4), scale: 7 } };
  expect(lossOf({ name: "matryoshka", options: () => ({ ...sizes, inner }) }, columns)).toEqual(short);
});

it("names of classes are understood", () => {
  const columns = [matrix(4, WIDTH, 1), matrix(4, WIDTH, 2)];
  const value = (name: string) =>
    lossOf({ name: name as "cosent", options: () => ({ labels: scores(4) }) }, columns).value;
  expect(value("CoSENTLoss")).toBe(value("cosent"));
  expect(value("AnglELoss")).toBe(value("angle"));
});

// Computed by sentence-transformers' LambdaLoss with each of its weighting schemes.
it.each([
  ["none", "NoWeightingScheme", 1.3910574913],
  ["ndcg-loss1", "NDCGLoss1Scheme", 0.3193148077],
  ["ndcg-loss2", "NDCGLoss2Scheme", 0.2291757613],
  ["lambda-rank", "LambdaRankScheme", 0.2970469892],
  ["ndcg-loss2++", "NDCGLoss2PPScheme", 0.9845743179],
])("lambda weights pairs by %s, by the name of its class too", (name, className, expected) => {
  using graph = new Graph();
  const logits = graph.constant({ shape: [5], data: Float32Array.of(0.2, -0.7, 1.3, 0.4, -1.1) });
  for (const weightingScheme of [name, className] as "none"[]) {
    const mu = name === "ndcg-loss2++" ? 3 : undefined;
    const options = { labels: [[0, 2, 1], [1, 0]], weightingScheme, mu }; // prettier-ignore
    expect(graph.value(crossEncoderLoss(graph, "lambda", [logits], options)).data[0]).toBeCloseTo(expected, 6);
  }
});

it("the gradients of vectors that were computed in parts are those of the whole", () => {
  using graph = new Graph();
  const columns = [matrix(6, WIDTH, 1), matrix(6, WIDTH, 2), matrix(6, WIDTH, 3)];
  const tensors = columns.map((column) => ({ shape: [6, WIDTH], data: Float32Array.from(column.flat()) }));
  const cached = cachedSentenceLoss(graph, "cached-multiple-negatives-ranking", tensors, { scale: 10 });
  const whole = lossOf({ name: "multiple-negatives-ranking", options: () => ({ scale: 10 }) }, columns, true);
  expect(cached.loss).toBe(whole.value);
  cached.gradients.forEach((gradient, i) => expect([...gradient.data]).toEqual([...whole.gradients[i]!]));

  // A weight behind the vectors gets the same gradient from micro-batches of two rows.
  const weight = graph.variable({ shape: [WIDTH, WIDTH], data: Float32Array.from(matrix(WIDTH, WIDTH, 5).flat()) });
  const vectorsOf = (data: Float32Array) =>
    graph.matmul(graph.constant({ shape: [data.length / WIDTH, WIDTH], data }), weight);
  graph.step(() => {
    const nodes = tensors.map(({ data }) => vectorsOf(data));
    graph.backward(sentenceLoss(graph, "multiple-negatives-ranking", nodes));
  });
  const expected = graph.grad(weight)!.data;
  graph.zeroGrads();
  const known = tensors.map(({ data }) => graph.step(() => graph.value(vectorsOf(data))));
  const { gradients } = cachedSentenceLoss(graph, "cached-multiple-negatives-ranking", known, { miniBatchSize: 2 });
  tensors.forEach(({ data }, column) => {
    for (let start = 0; start < data.length; start += 2 * WIDTH) {
      const part = (of: Float32Array) => of.slice(start, start + 2 * WIDTH);
      graph.step(() => {
        const gradient = { shape: [2, WIDTH], data: part(gradients[column]!.data) };
        graph.backward(vectorsOf(part(data)), gradient);
      });
    }
  });
  expect(farthest(graph.grad(weight)!.data, expected)).toBeLessThan(1e-5);
});

describe("what does not fit is named before any work", () => {
  const refusals: [string, number, object, string][] = [
    ["multiple-negatives", 2, {}, 'did you mean "multiple-negatives'],
    ["matryoshka", 2, { matryoshkaDims: [2], inner: "matryoshka" }, "inner is a loss that is computed for each"],
    ["constructor", 2, {}, "there is no loss"],
    ["multiple-negatives-ranking", 1, {}, "expected at least 2 columns"],
    ["multiple-negatives-ranking", 2, { scale: 0 }, "scale is a number above 0, got 0"],
    ["multiple-negatives-ranking", 2, { scales: 1 }, 'did you mean "scale"?'],
    ["multiple-negatives-ranking", 2, { directions: ["doc_to_query"] }, "must include"],
    [
      "multiple-negatives-ranking",
      2,
      { directions: ["query_to_doc", "doc_to_doc"], partitionMode: "per_direction" },
      "joint",
    ],
    ["triplet", 2, {}, "expected 3 columns (anchor, positive, negative), got 2"],
    ["triplet", 3, { distanceMetric: "hamming" }, "distanceMetric is one of"],
    ["cosent", 2, {}, "labels is [3] numbers, which this loss needs"],
    ["cosent", 2, { labels: [1, 2] }, "labels must be [3] numbers, got [2]"],
    ["cosent", 2, { labels: [1, NaN, 2] }, "labels[1] is a finite number, got NaN"],
    ["cosent", 2, { labels: ["1", "2", "3"] }, "labels is a list of numbers"],
    ["softmax", 2, { labels: [0, 1, 0] }, "head is { weight, bias }"],
    [
      "softmax",
      2,
      { labels: [0, 5, 0], head: { weight: matrix(12, 3, 1) } },
      "labels[1] is a whole number from 0 to 2",
    ],
    [
      "softmax",
      2,
      { labels: [0, 1, 0], head: { weight: matrix(10, 3, 1) } },
      "head.weight must be [12, labels] or [labels, 12]",
    ],
    ["mse", 1, {}, "teacher is vectors"],
    ["mse", 1, { teacher: matrix(3, 5, 1) }, "teacher must be [3, 4]"],
    ["margin-mse", 3, { labels: matrix(3, 3, 1) }, "labels must be [3] or [3, 2] numbers, got [3, 3]"],
    ["gist-embed", 2, {}, "guide is vectors"],
    ["matryoshka", 2, {}, "matryoshkaDims is a list of dimensions"],
    ["matryoshka", 2, { matryoshkaDims: [5] }, "matryoshkaDims is a whole number from 1 to 4, got 5"],
    ["matryoshka", 2, { matryoshkaDims: [2], matryoshkaWeights: [1, 2] }, "expected a weight for each of 1 dimensions"],
    ["matryoshka", 2, { matryoshkaDims: [2], inner: "none" }, "there is no loss"],
    ["cosent", 2, { labels: [1, 2, 3], matryoshkaDims: [2], scale: "x" }, "scale is a number above 0"],
  ];
  it.each(refusals)("%s, %i columns, %j", (name, count, options, message) => {
    using graph = new Graph();
    const nodes = Array.from({ length: count }, () => graph.constant({ shape: [3, 4], data: new Float32Array(12) }));
    const before = graph.nodes.length;
    expect(() => sentenceLoss(graph, name as "mse", nodes, options)).toThrow(
      expect.objectContaining({
        name: expect.stringMatching(/^(Config|Shape)Error$/),
        message: expect.stringContaining(message),
      }),
    );
    expect(graph.nodes.length).toBe(before);
  });

  it("columns of other shapes", () => {
    using graph = new Graph();
    const node = (...shape: number[]) =>
      graph.constant({ shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) });
    const call =
      (...nodes: NodeId[]) =>
      () =>
        sentenceLoss(graph, "multiple-negatives-ranking", nodes);
    expect(call()).toThrow("expected at least one column, got none");
    expect(call(node(3, 4), node(2, 4))).toThrow("columns[1] must have the first column's shape [3, 4], got [2, 4]");
    expect(call(node(3), node(3))).toThrow("columns[0] must be [rows, width], got [3]");
    expect(call(node(0, 4), node(0, 4))).toThrow("with at least one row");
  });

  const logits: [CrossEncoderLossName, number[], CrossEncoderLossOptions, string][] = [
    ["list-net", [5], { labels: [[1, 2], [3]] }, "expected a logit for each of 3 labels, got [5, 1]"],
    ["list-net", [2], { labels: [[1, 2], []] }, "at least one number each"],
    ["lambda", [2], { labels: [1, 2] }, "labels is a list of lists of numbers"],
    ["lambda", [2], { labels: [[1, 2]], k: 0 }, "k is a whole number from 1, got 0"],
    ["binary-cross-entropy", [2, 3], { labels: [1, 0] }, "labels must be [2, 3] numbers, got [2]"],
    ["binary-cross-entropy", [1, 2], { labels: [[1, 0]], posWeight: [1, 2, 3] }, "posWeight must be one number or [2]"],
    ["cross-entropy", [1, 2], { labels: [2] }, "labels[0] is a whole number from 0 to 1, got 2"],
    ["cross-entropy", [1, 2], { labels: [0], weight: [1] }, "weight must be [2]"],
    ["multiple-negatives-ranking", [4], {}, "batchSize is the number of queries"],
    ["multiple-negatives-ranking", [4], { batchSize: 3 }, "4 logits a column are not those of 3 queries"],
    ["margin-mse", [4, 2], { labels: [1, 2] }, "one logit a row"],
  ];
  it.each(logits)("logits of %s, %j, %j", (name, shape, options, message) => {
    using graph = new Graph();
    const node = graph.constant({ shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) });
    expect(() => crossEncoderLoss(graph, name, [node], options)).toThrow(message);
  });
});
