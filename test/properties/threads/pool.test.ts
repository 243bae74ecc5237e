import { describe, expect, it } from "vitest";
import * as single from "../../../ts/index.js";
import { firstDifference, others, products, results, startPackage, train } from "./workload.js";

const { library, info } = await startPackage(2);

describe("two threads", () => {
  it("run, and say so", () => {
    expect([info.threads, info.threadsRefused, info.features.threads]).toEqual([2, null, true]);
  });

  it("repeat themselves bit for bit, time after time", () => {
    const first = train(library, 5);
    for (let i = 0; i < 10; i++) expect(train(library, 5)).toEqual(first);
    expect(train(library, 6)).not.toEqual(first);
  });

  it("give exactly what a float64 sum gives, at sizes around every cut", () => {
    const { Graph, tensor } = library;
    // Whole numbers: every product and sum is exact in float32, in whatever order and fused or not.
    const whole = (rows: number, columns: number, seed: number) =>
      tensor(
        [rows, columns],
        Float32Array.from({ length: rows * columns }, (_, i) => (((i + seed) * 7919) % 17) - 8),
      );
    for (const [m, k, n] of [
      [1, 700, 700],
      [3, 64, 2000],
      [2000, 64, 3],
      [129, 257, 131],
      [64, 1, 64],
      [500, 300, 7],
    ] as const) {
      const graph = new Graph();
      const [a, b] = [whole(m, k, 3), whole(k, n, 5)];
      const c = graph.value(graph.matmul(graph.constant(a), graph.constant(b))).data;
      const expected = new Float64Array(m * n);
      for (let i = 0; i < m; i++) {
        for (let p = 0; p < k; p++) {
          for (let j = 0; j < n; j++) expected[i * n + j]! += a.data[i * k + p]! * b.data[p * n + j]!;
        }
      }
      expect(c.findIndex((value, i) => value !== expected[i])).toBe(-1);
      graph.dispose();
    }
  });

  it("are found awake and asleep: pauses between kernels change nothing", async () => {
    const first = train(library, 9);
    for (const pause of [0, 1, 5, 30]) {
      await new Promise((resolve) => setTimeout(resolve, pause));
      expect(train(library, 9)).toEqual(first);
    }
  });

  it.each([...products, ...others])("give the bits that one thread gives: $name", (work) => {
    expect(firstDifference(results(library, work), results(single, work))).toBeNull();
  });
});
