import { describe, expect, it } from "vitest";
import { Graph, type NodeId, readSafetensors, type Tensor, writeSafetensors } from "../../ts/index.js";
import { applyRotary, attendCached, attendCapped, gated, timesTable } from "../../ts/graph/decoder-ops.js";
import { KeyValueCache } from "../../ts/models/decoder/key-value-cache.js";
import { type Case, checkGradients } from "../ops/gradients/check.js";
import { uniform } from "../ops/gradients/numbers.js";

const gatedActivations = ["silu", "gelu", "gelu_tanh"] as const;

const angles = (tokens: number, pairs: number) => ({
  pairs,
  cos: Float32Array.from({ length: tokens * pairs }, (_, i) => Math.cos(i)),
  sin: Float32Array.from({ length: tokens * pairs }, (_, i) => Math.sin(i)),
});

const capped = { offsets: Int32Array.of(0, 2, 7), heads: 2, kvHeads: 1, scale: 1, cap: 1.5 };

const cases: Record<string, Case> = {
  "rotation of halves, one head of two": {
    inputs: [uniform([3, 10])],
    apply: (graph, [x]) => applyRotary(graph, x!, { ...angles(3, 2), heads: 1, headDim: 5, interleaved: false }),
  },
  "rotation of neighbours": {
    inputs: [uniform([2, 12])],
    apply: (graph, [x]) => applyRotary(graph, x!, { ...angles(2, 3), heads: 2, headDim: 6, interleaved: true }),
  },
  "rotation of nothing": {
    inputs: [uniform([0, 4])],
    apply: (graph, [x]) => applyRotary(graph, x!, { ...angles(0, 2), heads: 1, headDim: 4, interleaved: false }),
  },
  "capped attention, causal": {
    inputs: [uniform([7, 16], -2, 2)],
    apply: (graph, [x]) => attendCapped(graph, x!, { ...capped, causal: true, window: null }),
  },
  "capped attention with a window": {
    inputs: [uniform([7, 16], -2, 2)],
    apply: (graph, [x]) => attendCapped(graph, x!, { ...capped, causal: false, window: 2 }),
  },
  "product with a table": {
    inputs: [uniform([2, 3, 4], -1, 1, 1), uniform([5, 4], -1, 1, 2)],
    apply: (graph, [x, table]) => timesTable(graph, x!, table!),
  },
};
for (const activation of gatedActivations) {
  cases[`gated by ${activation}`] = {
    inputs: [uniform([3, 14])],
    apply: (graph, [x]) => gated(graph, x!, activation),
  };
  cases[`gated by ${activation}, empty`] = {
    inputs: [uniform([2, 0])],
    apply: (graph, [x]) => gated(graph, x!, activation),
  };
}

describe("gradients by central differences", () => {
  it.each(Object.entries(cases))("%s", (_, check) => checkGradients(check));
});

const values = (graph: Graph, x: NodeId) => [...graph.value(x).data];

describe("gated", () => {
  it.each(gatedActivations)("is %s of the first half times the second", (activation) => {
    using graph = new Graph();
    const x = graph.constant(uniform([3, 10], -3, 3));
    const half = (start: number) => graph.slice(x, { dim: 1, start, end: start + 5 });
    const first = activation === "silu" ? graph.silu(half(0)) : graph.gelu(half(0), { approximate: activation === "gelu" ? "none" : "tanh" }); // prettier-ignore
    expect(values(graph, gated(graph, x, activation))).toEqual(values(graph, graph.mul(first, half(5))));
  });
});

describe("timesTable", () => {
  it("is the product with the transpose, the table frozen or not", () => {
    using graph = new Graph();
    const [x, table] = [graph.constant(uniform([3, 8], -1, 1, 1)), graph.constant(uniform([50, 8], -1, 1, 2))];
    const expected = values(graph, graph.matmul(x, graph.transpose(table)));
    const found = values(graph, timesTable(graph, x, table));
    found.forEach((y, i) => expect(y).toBeCloseTo(expected[i]!, 5));
    // A further contribution to the gradient is added.
    const leaf = graph.variable(uniform([3, 8], -1, 1, 1));
    graph.step(() =>
      graph.backward(graph.sum(graph.add(timesTable(graph, leaf, table), timesTable(graph, leaf, table)))),
    );
    const twice = [...graph.grad(leaf)!.data];
    graph.zeroGrads();
    graph.step(() => graph.backward(graph.sum(timesTable(graph, leaf, table))));
    graph.grad(leaf)!.data.forEach((g, i) => expect(twice[i]).toBeCloseTo(2 * g, 5));
  });

  it("refuses what does not fit", () => {
    using graph = new Graph();
    const [x, table] = [graph.constant(uniform([3, 8])), graph.constant(uniform([5, 7]))];
    expect(() => timesTable(graph, x, table)).toThrow(/as wide as the table/);
    expect(() => gated(graph, table, "silu")).toThrow(/\[…, 2·n\]/);
    expect(() => applyRotary(graph, x, { ...angles(2, 2), heads: 1, headDim: 8, interleaved: false })).toThrow(
      /angles a token/,
    );
  });
});

/** qkv of a text, `[tokens, (heads + 2·kvHeads)·d]`. */
const rows = ({ shape, data }: Tensor, start: number, end: number): Tensor => ({
  shape: [end - start, shape[1]!],
  data: data.slice(start * shape[1]!, end * shape[1]!),
});

describe("attention behind a cache", () => {
  const [heads, kvHeads, headDim] = [6, 2, 12];
  const attention = () => ({ rotary: null, window: null });
  const sizes = { layers: 1, kvHeads, headDim, maxPositions: 200, hiddenSize: 1, attention };
  const qkv = uniform([150, (heads + 2 * kvHeads) * headDim], -2, 2);

  it.each<[number | null, number | null]>([
    ...([null, 0, 5, 40] as const).map((window) => [window, null] as [number | null, null]),
    [null, 1.5] as [null, number],
    [5, 1.5] as [number, number],
  ])("gives the bits of the whole text, whatever pieces it comes in (window %s, cap %s)", (window, cap) => {
    using graph = new Graph();
    const whole = graph.step(() => {
      const attributes = { offsets: Int32Array.of(0, 150), heads, kvHeads, causal: true, scale: undefined };
      const x = graph.constant(qkv);
      const attended =
        cap === null
          ? graph.raggedAttention(x, { ...attributes, ...(window === null ? {} : { window }) })
          : attendCapped(graph, x, { ...attributes, window, cap });
      return graph.value(attended).data;
    });
    const cache = new KeyValueCache(graph, sizes);
    const shape = { heads, kvHeads, scale: undefined, window, cap };
    for (const [start, end] of [
      [0, 1],
      [1, 10],
      [10, 64],
      [64, 65],
      [65, 66],
      [66, 150],
    ] as const) {
      // prettier-ignore
      cache.reserve(end - start);
      const found = graph.step(() => {
        const sequence = { ...cache.layer(0), start: 0, end: end - start, past: cache.length };
        const x = graph.constant(rows(qkv, start, end));
        return graph.value(attendCached(graph, x, { ...shape, sequences: [sequence] })).data;
      });
      cache.extend(end - start);
      const width = heads * headDim;
      expect(found).toEqual(whole.slice(start * width, end * width));
    }
    cache.dispose();
  });

  it.each([null, 7])(
    "of 16 bits: the bits of rounded keys and values, whatever pieces it comes in (window %s)",
    (window) => {
      using graph = new Graph();
      const width = (heads + 2 * kvHeads) * headDim;
      const halves = readSafetensors(writeSafetensors([["x", qkv]], {}, { dtype: "F16" })).tensor("x").data;
      const rounded = qkv.data.map((value, i) => (i % width < heads * headDim ? value : halves[i]!));
      const whole = graph.step(() => {
        const attributes = { offsets: [0, 150], heads, kvHeads, causal: true, ...(window === null ? {} : { window }) };
        return graph.value(graph.raggedAttention(graph.constant({ ...qkv, data: rounded }), attributes)).data;
      });
      const cache = new KeyValueCache(graph, sizes, "f16");
      for (const [start, end] of [
        [0, 1],
        [1, 10],
        [10, 65],
        [65, 66],
        [66, 67],
        [67, 150],
      ] as const) // prettier-ignore
      {
      cache.reserve(end - start);
      const found = graph.step(() => {
        const sequence = { ...cache.layer(0), start: 0, end: end - start, past: cache.length };
        const shape = { heads, kvHeads, scale: undefined, window, sequences: [sequence] };
        return graph.value(attendCached(graph, graph.constant(rows(qkv, start, end)), shape)).data;
      });
      cache.extend(end - start);
      expect(found).toEqual(whole.slice(start * heads * headDim, end * heads * headDim));
    }
      expect(cache.bytes).toBe(2 * 2 * kvHeads * headDim * 150);
      cache.dispose();
    },
  );

  it("keeps sequences apart, NaN of one too", () => {
    using graph = new Graph();
    const caches = [0, 1].map(() => new KeyValueCache(graph, sizes));
    for (const cache of caches) cache.reserve(5);
    const x = rows(qkv, 0, 10);
    const run = (data: Float32Array) =>
      graph.step(() => {
        const sequences = caches.map((cache, i) => ({ ...cache.layer(0), start: 5 * i, end: 5 * i + 5, past: 0 }));
        const node = graph.constant({ shape: x.shape, data });
        return graph.value(attendCached(graph, node, { heads, kvHeads, scale: 0.3, window: null, sequences })).data;
      });
    const before = run(x.data);
    const damaged = x.data.slice();
    damaged[0] = NaN;
    const after = run(damaged);
    const half = before.length / 2;
    expect(after.slice(half)).toEqual(before.slice(half));
    expect(after.slice(0, half).some(Number.isNaN)).toBe(true);
    caches.forEach((cache) => cache.dispose());
  });

  it("has no gradient", () => {
    using graph = new Graph();
    const cache = new KeyValueCache(graph, sizes);
    cache.reserve(3);
    const x = graph.variable(rows(qkv, 0, 3));
    const sequences = [{ ...cache.layer(0), start: 0, end: 3, past: 0 }];
    const y = attendCached(graph, x, { heads, kvHeads, scale: undefined, window: null, sequences });
    expect(() => graph.backward(graph.sum(y))).toThrow(/no gradient/);
  });
});
