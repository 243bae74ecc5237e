import { describe, expect, it } from "vitest";
import { frozenMatrix, roundedLinear, roundedTableProduct } from "../../../ts/entry/graph.js";
import { ConfigError, engineInfo, Graph, type NodeId, normal, ShapeError, type Tensor } from "../../../ts/index.js";
import { decodeGroups, encodeGroups } from "./groups.js";
import { refuseAllocation } from "../allocations.js";

const formats = ["q8", "q4"] as const;

/** To nearest, ties to even. */
function nearest(value: number): number {
  const [low, rest] = [Math.floor(value), value - Math.floor(value)];
  return rest > 0.5 || (rest === 0.5 && low % 2 !== 0) ? low + 1 : low;
}

/** Rows in groups of bytes, and back: what the product reads of x. */
function rounded({ shape, data }: Tensor, format: "q8" | "q4"): Float32Array {
  const width = shape.at(-1)!;
  const f = Math.fround;
  return data.map((value, at) => {
    const start = at - (at % width) + 32 * Math.floor((at % width) / 32);
    const group = data.subarray(start, Math.min(start + 32, at - (at % width) + width));
    if (format === "q4") {
      const largest = group.reduce((most, other) => Math.max(most, Math.abs(other)), 0);
      return largest === 0 ? 0 : f(largest / 127) * nearest(f(value * f(127 / largest)));
    }
    const [low, high] = [Math.min(0, ...group), Math.max(0, ...group)];
    const scale = f(f(high / 127) - f(low / 127));
    const inverse = f(1 / scale);
    const zero = nearest(f(-low * inverse));
    return scale * (Math.min(127, Math.max(0, nearest(f(value * inverse)) + zero)) - zero);
  });
}

describe.each(formats)("%s", (format) => {
  it.each([
    [[1], 1, 1],
    [[1], 33, 7],
    [[2, 1], 64, 12],
    [[3], 70, 9],
    [[2, 3], 96, 130],
    [[15], 400, 33],
    [[0], 32, 4],
  ] as const)("rows %j, %i × %i: the product of x rounded to bytes", (lengths, k, n) => {
    using graph = new Graph();
    const [x, w, bias] = [normal(graph, [...lengths, k], 1), normal(graph, [n, k], 0.1), normal(graph, [n], 1)];
    const bytes = encodeGroups(w.data, k, format);
    const weight = frozenMatrix(graph, { shape: [k, n], format, transposed: true, bytes });
    const [said, decoded] = [rounded(x, format), decodeGroups(bytes, k, format)];
    const [input, offset] = [graph.constant(x), graph.constant(bias)];
    for (const added of [null, offset]) {
      const y = graph.step(() => graph.value(roundedLinear(graph, input, weight, added)));
      expect(y.shape).toEqual([...lengths, n]);
      y.data.forEach((value, at) => {
        const [row, column] = [Math.floor(at / n), at % n];
        let [sum, size] = [added === null ? 0 : bias.data[column]!, 1];
        for (let p = 0; p < k; p++) {
          const term = said[row * k + p]! * decoded[column * k + p]!;
          sum += term;
          size += Math.abs(term);
        }
        expect(Math.abs(value - sum)).toBeLessThan(2.5e-6 * size);
      });
      // And so near to the product of x itself: half a step of each group, which are twice as large for "q8".
      const exact = graph.step(() => graph.value(graph.linear(input, weight, added ?? undefined)));
      const worst = y.data.reduce((most, value, at) => Math.max(most, Math.abs(value - exact.data[at]!)), 0);
      expect(worst).toBeLessThan((format === "q8" ? 0.02 : 0.01) * Math.sqrt(k));
    }
  });

  it("a table's product is that of the linear layer of the same bytes, to the bit", () => {
    using graph = new Graph();
    const bytes = encodeGroups(normal(graph, [19, 70], 1).data, 70, format);
    const weight = frozenMatrix(graph, { shape: [70, 19], format, transposed: true, bytes });
    const table = frozenMatrix(graph, { shape: [19, 70], format, bytes });
    const x = graph.constant(normal(graph, [3, 70], 1));
    const values = (make: () => NodeId) => graph.step(() => graph.value(make()));
    expect(values(() => roundedTableProduct(graph, x, table))).toEqual(values(() => roundedLinear(graph, x, weight)));
    expect(() => roundedTableProduct(graph, x, weight)).toThrow(ConfigError);
  });

  it("gives its memory back, and changes nothing where memory is refused", () => {
    using graph = new Graph();
    const bytes = encodeGroups(normal(graph, [9, 64], 1).data, 64, format);
    const weight = frozenMatrix(graph, { shape: [64, 9], format, transposed: true, bytes });
    const x = graph.constant(normal(graph, [5, 64], 1));
    graph.step(() => void roundedLinear(graph, x, weight));
    const { used } = engineInfo().memory;
    for (let failing = 0; ; failing++) {
      const run = () => graph.step(() => void roundedLinear(graph, x, weight));
      const { error } = refuseAllocation([graph], failing, run);
      expect(engineInfo().memory.used).toBe(used);
      if (error === undefined) break;
    }
  });
});

it("refuses other weights and shapes that do not fit", () => {
  using graph = new Graph();
  const bytes = encodeGroups(new Float32Array(64), 32, "q8");
  const weight = frozenMatrix(graph, { shape: [32, 2], format: "q8", transposed: true, bytes });
  const table = frozenMatrix(graph, { shape: [2, 32], format: "q8", bytes });
  const half = frozenMatrix(graph, { shape: [32, 2], format: "f16", transposed: true, bytes: new Uint8Array(128) });
  const x = graph.constant(normal(graph, [3, 32], 1));
  const [short, scalar] = [
    graph.constant(normal(graph, [3, 31], 1)),
    graph.constant({ shape: [], data: Float32Array.of(1) }),
  ];
  for (const other of [table, half, x]) expect(() => roundedLinear(graph, x, other)).toThrow(ConfigError);
  for (const other of [short, scalar]) expect(() => roundedLinear(graph, other, weight)).toThrow(ShapeError);
  expect(() => roundedLinear(graph, x, weight, short)).toThrow(ShapeError);
  expect(() => roundedLinear(graph, weight, weight)).toThrow(ConfigError);
  const { data } = graph.step(() => graph.value(roundedLinear(graph, x, weight)));
  expect(data).toEqual(new Float32Array(6));
});
