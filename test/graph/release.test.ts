import { describe, expect, it } from "vitest";
import {
  AdamW,
  ConfigError,
  engineInfo,
  Graph,
  MemoryError,
  type NodeId,
  normal,
  StaleNodeError,
} from "../../ts/index.js";
import { engine } from "../../ts/engine/engine.js";
import { refuseAllocation, stateOf } from "./allocations.js";

describe("release", () => {
  it("gives back value, gradient and packed copies of constants and variables, to the last byte", () => {
    using graph = new Graph();
    const x = graph.constant(normal(graph, [3, 8], 1));
    graph.reserve(100_000);
    const { used } = engineInfo().memory;
    for (let round = 0; round < 20; round++) {
      const [a, w] = [graph.variable(normal(graph, [8, 8], 1)), graph.constant(normal(graph, [8, 5], 1))];
      graph.step(() => {
        graph.backward(graph.sum(graph.linear(graph.matmul(x, a), w)));
        // In a step, too, as long as nothing hangs on it.
        const unneeded = graph.step(() => graph.requiresGrad(a));
        expect(unneeded).toBe(true);
      });
      expect(graph.grad(a)).not.toBeNull();
      graph.release([a, w]);
      expect(engineInfo().memory.used).toBe(used);
      expect(() => graph.value(a)).toThrow(/released/);
      expect(() => graph.release([a])).toThrow(StaleNodeError);
    }
    expect(graph.nodes.map(({ id }) => id)).toEqual([x]);
  });

  it("frees all or nothing", () => {
    using graph = new Graph();
    const [a, b] = [graph.variable(normal(graph, [4], 1)), graph.constant(normal(graph, [4], 1))];
    graph.step(() => {
      const inner = graph.constant(normal(graph, [4], 1));
      const sum = graph.add(a, inner);
      const refused: [readonly NodeId[], RegExp | typeof StaleNodeError][] = [
        [[b, a], /is an input of node/],
        [[b, sum], /is a result of add/],
        [[b, inner], /was made inside a step/],
        [[b, b], /named twice/],
        [[b, 987_654_321 as NodeId], StaleNodeError],
      ];
      const before = stateOf(graph);
      for (const [ids, error] of refused) expect(() => graph.release(ids)).toThrow(error);
      expect(() => graph.release([b, a])).toThrow(ConfigError);
      expect(stateOf(graph)).toEqual(before);
      graph.release([]);
      graph.release([b]);
    });
    graph.release([a]);
    expect(graph.nodes).toHaveLength(0);
  });

  it("in a step leaves the step's own nodes, and what it ends", () => {
    using graph = new Graph();
    const [a, b, c] = Array.from({ length: 3 }, () => graph.constant(normal(graph, [4], 1))) as [
      NodeId,
      NodeId,
      NodeId,
    ];
    const mark = graph.mark();
    const sum = graph.add(a, c);
    const expected = [...graph.value(sum).data];
    graph.release([b]);
    expect([...graph.value(sum).data]).toEqual(expected);
    graph.rewind(mark);
    expect(graph.nodes.map(({ id }) => id)).toEqual([a, c]);
    expect(() => graph.value(sum)).toThrow(StaleNodeError);
  });

  it("refuses what aliases still show", () => {
    using graph = new Graph();
    const a = graph.constant(normal(graph, [4], 1));
    graph.step(() => {
      graph.reshape(a, [2, 2]);
      expect(() => graph.release([a])).toThrow(ConfigError);
    });
    graph.release([a]);
  });
});

describe("disposal", () => {
  it("of 1,000 graphs, used in every way and some broken in the middle, gives back the last byte", () => {
    const { used } = engineInfo().memory;
    let broken = 0;
    for (let i = 0; i < 1000; i++) {
      const graph = new Graph({ seed: i, packedCopies: i % 2 === 0 ? 1 : 2 });
      const use = () => {
        const [x, w] = [graph.constant(normal(graph, [3, 4], 1)), graph.constant(normal(graph, [4, 4], 1))];
        const a = graph.variable(normal(graph, [4, 4], 1));
        const optimizer = new AdamW(graph, [a]);
        for (let step = 0; step < 2; step++) {
          graph.step(() => {
            const hidden = graph.dropout(graph.gelu(graph.linear(graph.matmul(x, a), w)), 0.1);
            graph.backward(graph.mean(graph.square(graph.scope(() => graph.neg(x)) && hidden)));
          });
          optimizer.step();
        }
        graph.scope(() => graph.step(() => x));
        graph.setValue(w, graph.value(w));
      };
      if (refuseAllocation([graph], i % 60, use).error instanceof MemoryError) broken++;
      graph.dispose();
    }
    expect(broken).toBeGreaterThan(500);
    expect(engineInfo().memory.used).toBe(used);
    expect(engine().heap.used).toBe(used);
  });

  it("refuses memory that is no memory of the graph, or was given back", () => {
    using graph = new Graph();
    const pointer = graph.allocateOwned(10);
    graph.releaseOwned(pointer);
    expect(() => graph.releaseOwned(pointer)).toThrow(/released twice/);
  });
});

it("allOrNothing releases what the body made, whatever else the body released", () => {
  using graph = new Graph();
  const old = graph.constant(normal(graph, [1000], 1));
  const { used } = engineInfo().memory;
  const failing = () =>
    graph.allOrNothing(() => {
      graph.release([old]);
      graph.constant(normal(graph, [990], 1));
      throw new Error("on purpose");
    });
  expect(failing).toThrow("on purpose");
  expect(engineInfo().memory.used).toBe(used - 4032);
  expect(graph.nodes).toEqual([]);
});
