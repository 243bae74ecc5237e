import { describe, expect, it } from "vitest";
import { engine } from "../../ts/engine/engine.js";
import { ConfigError, Graph, type NodeId, StaleNodeError, tensor } from "../../ts/index.js";

const numbers = (...values: number[]) => tensor([values.length], values);
const read = (graph: Graph, id: NodeId) => [...graph.value(id).data];

describe("steps within steps", () => {
  it("keep the gradient of a variable of an outer step, three deep", () => {
    using graph = new Graph();
    graph.step(() => {
      const outer = graph.variable(numbers(1, 2));
      graph.step(() => {
        const middle = graph.variable(numbers(3, 4));
        graph.step(() => graph.backward(graph.sum(graph.mul(outer, middle))));
        graph.step(() => {
          // Takes the memory that the innermost step had.
          for (let i = 0; i < 20; i++) graph.constant(numbers(9, 9));
          expect([...graph.grad(outer)!.data]).toEqual([3, 4]);
          expect([...graph.grad(middle)!.data]).toEqual([1, 2]);
          graph.backward(graph.sum(graph.square(outer)));
        });
      });
      for (let i = 0; i < 20; i++) graph.constant(numbers(9, 9));
      expect([...graph.grad(outer)!.data]).toEqual([5, 8]);
    });
  });

  it("differentiate results of an outer step, as often as asked", () => {
    using graph = new Graph();
    const x = graph.variable(numbers(1, 2));
    graph.step(() => {
      const square = graph.square(x);
      const loss = graph.sum(square);
      for (let i = 0; i < 3; i++) graph.step(() => graph.backward(graph.mul(loss, graph.constant(tensor([], [2])))));
      graph.step(() => graph.backward(loss));
      graph.backward(loss);
      // Nothing that a step freed is handed out to two at once.
      const made = Array.from({ length: 30 }, (_, i) => graph.constant(numbers(i, i)));
      made.forEach((id, i) => expect(read(graph, id)).toEqual([i, i]));
      expect(read(graph, square)).toEqual([1, 4]);
    });
    expect([...graph.grad(x)!.data]).toEqual([16, 32]);
  });

  it("give blocks of an outer step back to that step, not to one within", () => {
    using graph = new Graph();
    const { arena } = graph;
    const outside = arena.allocate(16);
    const outer = arena.mark();
    const old = arena.allocate(16);
    const inner = arena.mark();
    arena.release(old, 16);
    arena.release(outside, 16);
    const own = arena.allocate(16);
    expect([old, outside]).not.toContain(own);
    arena.release(own, 16);
    expect(arena.allocate(16)).toBe(own);
    arena.rewind(inner);
    expect(arena.allocate(16)).toBe(old);
    arena.rewind(outer);
    expect(arena.allocate(16)).toBe(outside);
  });

  it("use the outer step's memory again once they ended, however often", () => {
    using graph = new Graph();
    const x = graph.variable(numbers(1, 2, 3));
    const nested = (depth: number): void =>
      graph.step(() => {
        graph.backward(graph.sum(graph.square(x)));
        if (depth > 0) for (let i = 0; i < 2; i++) nested(depth - 1);
      });
    nested(4);
    const { used } = engine().heap;
    for (let i = 0; i < 20; i++) nested(4);
    expect(engine().heap.used).toBe(used);
  });
});

describe("marks", () => {
  it("are rewound once, the last one first", () => {
    using graph = new Graph();
    const x = graph.constant(numbers(1));
    const outer = graph.mark();
    const a = graph.neg(x);
    const inner = graph.mark();
    const b = graph.neg(a);
    expect(() => graph.rewind(outer)).toThrow(/still open/);
    expect(read(graph, b)).toEqual([1]);
    graph.rewind(inner);
    expect(() => graph.rewind(inner)).toThrow(ConfigError);
    expect(read(graph, a)).toEqual([-1]);
    graph.rewind(outer);
    expect(() => graph.rewind(outer)).toThrow(/rewound already/);
    expect(() => graph.value(a)).toThrow(StaleNodeError);
    // Outside every step again: what is made now outlives steps.
    const kept = graph.constant(numbers(5));
    graph.step(() => graph.neg(kept));
    expect(graph.node(kept).persistent).toBe(true);
  });

  it("of another graph, copied or made up, are refused", () => {
    using graph = new Graph();
    using other = new Graph();
    const mark = graph.mark();
    expect(() => other.rewind(mark)).toThrow(ConfigError);
    expect(() => graph.rewind({ ...mark })).toThrow(ConfigError);
    expect(() => graph.rewind(undefined as never)).toThrow(ConfigError);
    graph.rewind(mark);
  });

  it("that a step left open end with it, and its own cannot be taken from it", () => {
    using graph = new Graph();
    const x = graph.constant(numbers(1));
    const outer = graph.mark();
    let open: ReturnType<Graph["mark"]> | undefined;
    graph.step(() => {
      open = graph.mark();
      graph.neg(x);
      expect(() => graph.rewind(outer)).toThrow(ConfigError);
    });
    expect(() => graph.rewind(open!)).toThrow(ConfigError);
    graph.rewind(outer);
    expect(graph.nodes).toHaveLength(1);
  });

  it("survive a graph that is disposed in its own step", () => {
    const { used } = engine().heap;
    const graph = new Graph();
    expect(graph.step(() => graph.step(() => (graph.dispose(), 7)))).toBe(7);
    expect(engine().heap.used).toBe(used);
  });
});

describe("bodies that return promises are refused:", () => {
  it("step, scope, noGrad and view, and what they do later harms nothing", async () => {
    using graph = new Graph();
    const x = graph.variable(numbers(1, 2));
    const later = async () => {
      const y = graph.square(x);
      await Promise.resolve();
      return graph.neg(y);
    };
    expect(() => graph.step(later)).toThrow(/step: the body returned a promise/);
    expect(() => graph.noGrad(later)).toThrow(/noGrad: the body returned a promise/);
    expect(() => graph.scope(later as never)).toThrow(ConfigError);
    expect(() => graph.view(x, async (array) => array[0])).toThrow(/view: the body returned a promise/);
    expect(() => graph.step(() => ({ then: () => {} }))).toThrow(ConfigError);
    await new Promise((resolve) => setTimeout(resolve, 5));
    const y = graph.square(x);
    expect(graph.requiresGrad(y)).toBe(true);
    graph.backward(graph.sum(y));
    expect([...graph.grad(x)!.data]).toEqual([2, 4]);
  });

  it("a scope that returns no node throws, and the graph goes on", () => {
    using graph = new Graph();
    const x = graph.variable(numbers(3));
    expect(() => graph.scope(() => undefined as never)).toThrow(StaleNodeError);
    expect(
      read(
        graph,
        graph.scope(() => graph.scope(() => graph.square(graph.square(x)))),
      ),
    ).toEqual([81]);
    expect(
      read(
        graph,
        graph.scope(() => x),
      ),
    ).toEqual([3]);
  });
});
