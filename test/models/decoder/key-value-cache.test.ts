import { describe, expect, it } from "vitest";
import { ConfigError, engineInfo, Graph, MemoryError } from "../../../ts/index.js";
import { KeyValueCache } from "../../../ts/models/decoder/key-value-cache.js";
import { refuseAllocation } from "../../graph/allocations.js";

const attention = () => ({ rotary: null, window: null });
const sizes = { layers: 2, kvHeads: 1, headDim: 3, maxPositions: 100, hiddenSize: 3, attention };

/** Writes a number into each of a layer's keys and values, and reads them. */
const fill = (graph: Graph, cache: KeyValueCache, layer: number, value: number) => {
  const { keys, values } = cache.layer(layer);
  graph.engine.kernels.fill(3 * cache.length, value, keys);
  graph.engine.kernels.fill(3 * cache.length, -value, values);
};
const read = (graph: Graph, cache: KeyValueCache, layer: number) => {
  const { keys, values } = cache.layer(layer);
  return [...graph.engine.read(keys, 3 * cache.length), ...graph.engine.read(values, 3 * cache.length)];
};
const filled = (count: number, value: number) => [
  ...new Array<number>(3 * count).fill(value),
  ...new Array<number>(3 * count).fill(-value),
];

describe("KeyValueCache", () => {
  it("keeps what it holds as it grows, forks at a prefix and is cut back", () => {
    using graph = new Graph();
    const { used } = engineInfo().memory;
    const cache = new KeyValueCache(graph, sizes);
    expect([cache.length, cache.bytes]).toEqual([0, 0]);
    cache.reserve(3);
    cache.extend(3);
    fill(graph, cache, 0, 1);
    fill(graph, cache, 1, 2);
    cache.reserve(80);
    expect(cache.bytes).toBeGreaterThanOrEqual(83 * 2 * 2 * 3 * 4);
    expect(read(graph, cache, 0)).toEqual(filled(3, 1));
    expect(read(graph, cache, 1)).toEqual(filled(3, 2));
    const fork = cache.fork(2);
    fill(graph, cache, 1, 7);
    expect(fork.length).toBe(2);
    expect(read(graph, fork, 0)).toEqual(filled(2, 1));
    expect(read(graph, fork, 1)).toEqual(filled(2, 2));
    cache.cut(1);
    expect(cache.length).toBe(1);
    expect(read(graph, cache, 1)).toEqual(filled(1, 7));
    cache.dispose();
    cache.dispose();
    fork.dispose();
    expect(engineInfo().memory.used).toBe(used);
  });

  it("has room for each layer's own size, and none for layers that use keys and values of others", () => {
    using graph = new Graph();
    const { used } = engineInfo().memory;
    const wide = { kvHeads: 2, headDim: 5, intermediateSize: 1 };
    const kinds = (i: number) => ({
      ...attention(),
      ...(i === 1 ? { sizes: wide } : i === 2 ? { keysOf: 1, sizes: wide } : {}),
    });
    const cache = new KeyValueCache(graph, { ...sizes, layers: 3, attention: kinds });
    cache.reserve(3);
    cache.extend(3);
    // Room for 64 tokens: 3 numbers in the first layer, 10 in the second.
    expect(cache.bytes).toBe(4 * 64 * 2 * (3 + 10));
    const [first, second] = [cache.layer(0), cache.layer(1)];
    expect([first.values - first.keys, second.keys - first.keys, second.values - second.keys]).toEqual(
      [3, 2 * 3, 10].map((columns) => 4 * 64 * columns),
    );
    graph.engine.kernels.fill(30, 7, second.keys);
    graph.engine.kernels.fill(30, 9, second.values);
    const fork = cache.fork(2);
    cache.reserve(80);
    for (const [held, length] of [
      [cache, 3],
      [fork, 2],
    ] as const) {
      expect([...graph.engine.read(held.layer(1).keys, 10 * length)]).toEqual(Array<number>(10 * length).fill(7));
      expect([...graph.engine.read(held.layer(1).values, 10 * length)]).toEqual(Array<number>(10 * length).fill(9));
    }
    cache.dispose();
    fork.dispose();
    expect(engineInfo().memory.used).toBe(used);
  });

  it("keeps the matrices of a delta rule beside its convolution's inputs, twice", () => {
    using graph = new Graph();
    const { used } = engineInfo().memory;
    const delta = { keyHeads: 1, valueHeads: 2, keyDim: 3, valueDim: 5 };
    const kinds = (i: number) => ({ rotary: null, window: null, ...(i === 1 ? { convolution: 3, delta } : {}) });
    const cache = new KeyValueCache(graph, { ...sizes, attention: kinds });
    cache.reserve(1);
    // Two inputs of 3 + 3 + 10 columns, and two matrices of 3 rows and 5 columns.
    const [inputs, matrices] = [2 * 16, 2 * 15];
    const places = () => [cache.convolution(1), cache.recurrence(1)] as const;
    const [first, second] = places();
    expect([first.before, second.before]).toEqual([null, null]);
    expect(second.after - first.after).toBe(4 * inputs);
    graph.engine.kernels.fill(inputs, 1, first.after);
    graph.engine.kernels.fill(matrices, 2, second.after);
    cache.extend(1);
    expect(places().map(({ before }) => before)).toEqual([first.after, second.after]);
    expect(Math.abs(places()[1].after - second.after)).toBe(4 * (inputs + matrices));
    const fork = cache.fork();
    expect([...graph.engine.read(fork.recurrence(1).before!, matrices)]).toEqual(Array<number>(matrices).fill(2));
    expect([...graph.engine.read(fork.convolution(1).before!, inputs)]).toEqual(Array<number>(inputs).fill(1));
    expect(cache.bytes).toBe(64 * 2 * 3 * 4 + 2 * 4 * (inputs + matrices));
    cache.dispose();
    fork.dispose();
    expect(engineInfo().memory.used).toBe(used);
  });

  it("keeps the last inputs of convolutions, of the last pass that was kept, and is neither cut nor forked before it", () => {
    using graph = new Graph();
    const { used } = engineInfo().memory;
    const kinds = (i: number) => ({ rotary: null, window: null, ...(i === 1 ? { convolution: 3 } : {}) });
    const cache = new KeyValueCache(graph, { ...sizes, attention: kinds });
    cache.reserve(2);
    const { kernels } = graph.engine;
    const pass = (value: number) => {
      const { before, after } = cache.convolution(1);
      kernels.fill(6, value, after);
      return before === null ? null : graph.engine.read(before, 6)[0];
    };
    expect(pass(1)).toBe(null);
    // It was not kept.
    expect(pass(2)).toBe(null);
    cache.extend(2);
    expect(pass(3)).toBe(2);
    expect(pass(4)).toBe(2);
    const fork = cache.fork();
    cache.reserve(80);
    cache.extend(1);
    expect(pass(5)).toBe(4);
    expect(graph.engine.read(fork.convolution(1).before!, 6)[0]).toBe(2);
    expect([0, 1, 2, 3].map((length) => cache.reusable(length))).toEqual([0, 0, 0, 3]);
    for (const length of [1, 2]) {
      expect(() => cache.cut(length)).toThrow(/holds 3 tokens and cannot be cut to [12], for its convolutions/);
      expect(() => cache.fork(length)).toThrow(ConfigError);
    }
    // One of two layers has keys and values.
    expect(cache.bytes).toBe(4 * (2 * 96 * 3 + 2 * 6));
    cache.cut(0);
    expect(pass(6)).toBe(null);
    cache.dispose();
    fork.dispose();
    expect(engineInfo().memory.used).toBe(used);
  });

  it("is taken apart and joined again, with its states in the part that has the last token", () => {
    using graph = new Graph();
    const { used } = engineInfo().memory;
    const kinds = (i: number) => ({ rotary: null, window: null, ...(i === 1 ? { convolution: 3 } : {}) });
    const config = { ...sizes, attention: kinds };
    const cache = new KeyValueCache(graph, config);
    cache.reserve(7);
    graph.engine.write(
      cache.layer(0).keys,
      Float32Array.from({ length: 21 }, (_, i) => i),
      21,
    );
    graph.engine.write(
      cache.layer(0).values,
      Float32Array.from({ length: 21 }, (_, i) => -i),
      21,
    );
    graph.engine.kernels.fill(6, 5, cache.convolution(1).after);
    cache.extend(7);
    const parts = [cache.part(0, 4), cache.part(4, 7)];
    expect(parts.map(({ bytes }) => bytes)).toEqual([cache.partBytes(4, false), cache.partBytes(3, true)]);
    expect(parts.map((part) => part.reusable(part.length))).toEqual([0, 3]);
    const joined = new KeyValueCache(graph, config);
    joined.reserve(20);
    for (const part of parts) joined.append(part, part.length);
    expect(read(graph, joined, 0)).toEqual(read(graph, cache, 0));
    expect([...graph.engine.read(joined.convolution(1).before!, 6)]).toEqual(Array<number>(6).fill(5));
    for (const one of [cache, joined, ...parts]) one.dispose();
    expect(engineInfo().memory.used).toBe(used);
  });

  it("leaves nothing of a fork for which memory is full", () => {
    using graph = new Graph();
    const convolution = { rotary: null, window: null, convolution: 3 };
    const cache = new KeyValueCache(graph, { ...sizes, attention: (i) => (i === 1 ? convolution : attention()) });
    cache.reserve(2);
    cache.extend(2);
    const { used } = engineInfo().memory;
    for (const failing of [0, 1]) {
      const { error } = refuseAllocation([graph], failing, () => cache.fork());
      expect(error).toBeInstanceOf(MemoryError);
      expect(engineInfo().memory.used).toBe(used);
    }
    cache.dispose();
  });

  it("refuses more than the model has positions, and what was disposed", () => {
    using graph = new Graph();
    const cache = new KeyValueCache(graph, sizes);
    cache.reserve(100);
    cache.extend(100);
    expect(() => cache.reserve(1)).toThrow(/101 tokens; the model has 100 positions/);
    for (const wrong of [-1, 101, 0.5, NaN]) expect(() => cache.cut(wrong)).toThrow(ConfigError);
    expect(cache.length).toBe(100);
    cache.dispose();
    expect(() => cache.reserve(1)).toThrow(/disposed/);
  });
});
