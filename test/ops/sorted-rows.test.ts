import { describe, expect, it } from "vitest";
import { expertProducts, scattered } from "../../ts/graph/decoder-ops.js";
import { frozenMatrix } from "../../ts/graph/frozen/stored-weight.js";
import { Graph, type NodeId, type Tensor } from "../../ts/index.js";
import { quantizeRows } from "../../ts/graph/frozen/quantize.js";
import { type Case, checkGradients } from "./gradients/check.js";
import { uniform } from "./gradients/numbers.js";

/** Weights `[in, out]` as float32, as linear layers' are stored. */
const weightsOf = (graph: Graph, count: number, inFeatures: number, out: number): NodeId[] =>
  Array.from({ length: count }, (_, e) => {
    const { data } = uniform([out, inFeatures], -1, 1, e + 5);
    const bytes = new Uint8Array(data.buffer as ArrayBuffer);
    return frozenMatrix(graph, { shape: [inFeatures, out], format: "f32", transposed: true, bytes });
  });

/** The rows of some experts of four, sorted. */
const products = (experts: number[], offsets: number[], inFeatures: number, out: number): Case => ({
  inputs: [uniform([offsets.at(-1)!, inFeatures], -1, 1, 1)],
  apply: (graph, [x]) =>
    expertProducts(graph, x!, weightsOf(graph, 4, inFeatures, out), { experts, offsets: Int32Array.from(offsets) }),
});

const scatter = (indices: number[], rows: number, width: number): Case => ({
  inputs: [uniform([indices.length, width], -1, 1, 2)],
  apply: (graph, [x]) => scattered(graph, x!, Int32Array.from(indices), rows),
});

const cases: Record<string, Case> = {
  "products of all experts": products([0, 1, 2, 3], [0, 2, 3, 7, 9], 5, 3),
  "of one": products([2], [0, 4], 3, 7),
  "of none": products([], [0], 3, 2),
  "of some, one without rows": products([0, 3], [0, 0, 3], 4, 5),
  "rows to places that repeat, one empty": scatter([3, 0, 3, 1, 3], 5, 3),
  "no rows": scatter([], 2, 3),
  "no columns": scatter([1, 0], 2, 0),
};

describe("gradients by central differences", () => {
  it.each(Object.entries(cases))("%s", (_, check) => checkGradients(check));
});

describe("products of experts", () => {
  const [inFeatures, out, offsets] = [64, 24, Int32Array.of(0, 1, 6, 40)];
  const x = uniform([40, inFeatures], -1, 1, 3);
  const rows = ({ data }: Tensor, start: number, end: number): Tensor => ({
    shape: [end - start, inFeatures],
    data: data.slice(start * inFeatures, end * inFeatures),
  });

  it.each(["f32", "f16", "bf16", "q8", "q4"] as const)("have the bits of each row alone: %s", (format) => {
    using graph = new Graph();
    const weights = [1, 2, 3].map((seed) => {
      const { data } = uniform([out, inFeatures], -1, 1, seed);
      const bytes =
        format === "f32"
          ? new Uint8Array(data.buffer as ArrayBuffer)
          : format === "q8" || format === "q4"
            ? quantizeRows(graph, data, inFeatures, format)
            : new Uint8Array(2 * out * inFeatures).map((_, i) => (i % 2 === 0 ? (7 * i * seed) % 251 : 0x3c));
      return frozenMatrix(graph, { shape: [inFeatures, out], format, transposed: true, bytes });
    });
    graph.noGrad(() => {
      const routes = { experts: [0, 1, 2], offsets };
      const together = graph.value(expertProducts(graph, graph.constant(x), weights, routes)).data;
      for (let row = 0; row < 40; row++) {
        const e = row < 1 ? 0 : row < 6 ? 1 : 2;
        const alone = graph.value(graph.linear(graph.constant(rows(x, row, row + 1)), weights[e]!)).data;
        expect(together.slice(row * out, (row + 1) * out)).toEqual(alone);
      }
      return graph.constant(x);
    });
  });

  it("are refused where rows or weights do not fit", () => {
    using graph = new Graph();
    const weights = weightsOf(graph, 2, 3, 2);
    const refused = (shape: number[], experts: number[], ends: number[], message: RegExp, of = weights) =>
      expect(() =>
        expertProducts(graph, graph.constant(uniform(shape)), of, { experts, offsets: Int32Array.from(ends) }),
      ).toThrow(message);
    refused([4, 2], [0, 1], [0, 1, 4], /expertProduct: x must be \[rows, 3\], got \[4, 2\]/);
    refused([12], [0], [0, 12], /x must be \[rows, 3\]/);
    refused([4, 3], [0, 1], [0, 4], /offsets must grow from 0 to the 4 rows, one for each of 2 weights/);
    refused([4, 3], [0, 1], [0, 5, 4], /offsets must grow/);
    refused([4, 3], [0, 1], [0, 2, 3], /offsets must grow/);
    const other = [weights[0]!, weightsOf(graph, 1, 3, 5)[0]!];
    refused([4, 3], [0, 1], [0, 1, 4], /a weight must be \[3, 2\], got \[3, 5\]/, other);
    expect(() => scattered(graph, graph.constant(uniform([2, 3])), Int32Array.of(0, 4), 4)).toThrow(/index 4 at 1/);
    expect(() => scattered(graph, graph.constant(uniform([2, 3])), Int32Array.of(0), 4)).toThrow(/scatterRows/);
    expect(() => scattered(graph, graph.constant(uniform([2])), Int32Array.of(0, 1), 4)).toThrow(/x must be \[n, d\]/);
  });

  it("need weights that are frozen", () => {
    using graph = new Graph();
    const weight = graph.variable(uniform([3, 2]));
    const given = { experts: [0], offsets: Int32Array.of(0, 4) };
    expect(() => expertProducts(graph, graph.constant(uniform([4, 3])), [weight], given)).toThrow(
      /is no frozen weight/,
    );
  });
});

describe("rows that are scattered", () => {
  it("are added in their order", () => {
    using graph = new Graph();
    const x = graph.constant({ shape: [4, 1], data: Float32Array.of(1e8, 1, -1e8, 1) });
    const found = graph.value(scattered(graph, x, Int32Array.of(1, 1, 1, 1), 3)).data;
    expect([...found]).toEqual([0, 1, 0]);
  });
});
