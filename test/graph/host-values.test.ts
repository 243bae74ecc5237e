import { describe, expect, it } from "vitest";
import { engine } from "../../ts/engine/engine.js";
import { ConfigError, Graph, type NodeId, ShapeError, tensor } from "../../ts/index.js";
import * as ops from "../../ts/ops/all.js";

/** Elements that do not fit into what linear memory holds now. */
const tooMany = () => engine().heap.reserved / 4;

describe("view", () => {
  it("refuses methods that could move or free what it shows, and those of reading work", () => {
    using graph = new Graph();
    const x = graph.variable(tensor([2], [1, 2]));
    const mark = graph.mark();
    const refused: (() => unknown)[] = [
      () => graph.neg(x),
      () => graph.constant(tensor([1], [1])),
      () => graph.variable(tensor([1], [1])),
      () => graph.setValue(x, tensor([2], [5, 6])),
      () => graph.backward(x, tensor([2], [1, 1])),
      () => graph.step(() => {}),
      () => graph.scope(() => x),
      () => graph.mark(),
      () => graph.rewind(mark),
      () => graph.release([x]),
      () => graph.reserve(10),
      () => graph.dispose(),
    ];
    graph.view(x, (array) => {
      for (const method of refused) expect(method).toThrow(ConfigError);
      graph.view(x, (again) => expect([...again]).toEqual([1, 2]));
      expect(() => graph.neg(x)).toThrow(ConfigError);
      expect([...graph.value(x).data]).toEqual([1, 2]);
      expect([...array]).toEqual([1, 2]);
    });
    expect(() => graph.view(x, () => graph.neg(x))).toThrow(/inside `view`/);
    expect([...graph.value(graph.neg(x)).data]).toEqual([-1, -2]);
  });

  it("keeps its array whatever another graph does meanwhile", () => {
    using graph = new Graph();
    using other = new Graph();
    const x = graph.constant(tensor([2], [1, 2]));
    const size = tooMany();
    const large = tensor([size], new Float32Array(size));
    graph.view(x, (array) => {
      other.neg(other.constant(tensor([1], [1])));
      expect(() => other.constant(large)).toThrow(/would be detached/);
      expect([...array]).toEqual([1, 2]);
    });
    other.constant(large);
  });

  it("does not let its array out", () => {
    using graph = new Graph();
    const x = graph.constant(tensor([2], [1, 2]));
    expect(() => graph.view(x, (array) => array)).toThrow(ConfigError);
    expect(() => graph.view(x, (array) => array.subarray(1))).toThrow(/valid inside/);
    expect([...graph.view(x, (array) => array.slice())]).toEqual([1, 2]);
  });

  it("ends when its body throws", () => {
    using graph = new Graph();
    const x = graph.constant(tensor([1], [1]));
    expect(() =>
      graph.view(x, () => {
        throw new Error("boom");
      }),
    ).toThrow("boom");
    graph.constant(tensor([tooMany()], new Float32Array(tooMany())));
  });
});

describe("data that are windows on linear memory", () => {
  type Method = (data: Float32Array) => NodeId;
  const methods: [string, (graph: Graph, shape: number[]) => Method][] = [
    ["constant", (graph, shape) => (data) => graph.constant({ shape, data })],
    ["variable", (graph, shape) => (data) => graph.variable({ shape, data })],
    [
      "backward",
      (graph, shape) => {
        const x = graph.variable(tensor(shape, new Float32Array(shape[0]!)));
        const y = graph.neg(graph.neg(x));
        return (data) => {
          graph.backward(y, { shape, data });
          return graph.constant(graph.grad(x)!);
        };
      },
    ],
  ];
  it.each(methods)("are read before memory grows: %s", (_, prepare) => {
    using graph = new Graph();
    // More than half of what there is: another of this size makes memory grow.
    const size = Math.ceil(tooMany() / 2) + 16;
    const x = graph.constant(tensor([size], new Float32Array(size).fill(3)));
    const method = prepare(graph, [size]);
    const before = engine().heap.reserved;
    const filler = engine().heap.allocate(Math.max(before - engine().heap.used - 4 * size, 64));
    const y = method(graph.engine.window(graph.node(x).value.pointer, size));
    expect(engine().heap.reserved).toBeGreaterThan(before);
    graph.view(y, (array) => expect(array.every((value) => value === 3)).toBe(true));
    engine().heap.release(filler);
  });

  it("may overlap what setValue writes", () => {
    using graph = new Graph();
    const x = graph.constant(tensor([4], [1, 2, 3, 4]));
    graph.setValue(x, { shape: [4], data: graph.engine.window(graph.node(x).value.pointer + 4, 4) });
    expect([...graph.value(x).data.slice(0, 3)]).toEqual([2, 3, 4]);
  });
});

describe("tensors that change while they are read", () => {
  // ES2024, which the project's library types do not know yet.
  type Resizable = ArrayBuffer & { resize(bytes: number): void };
  const resizable = (bytes: number, most: number) =>
    new (ArrayBuffer as unknown as new (bytes: number, options: object) => Resizable)(bytes, { maxByteLength: most });

  it("by getters are read once", () => {
    using graph = new Graph();
    const lengths = [2, 1000, 1_000_000];
    const data = () => new Float32Array(lengths.shift()!).fill(7);
    const x = graph.constant(
      Object.defineProperties({} as { shape: number[]; data: Float32Array }, {
        shape: { get: () => [2] },
        data: { get: data },
      }),
    );
    expect([...graph.value(x).data]).toEqual([7, 7]);
    expect(lengths).toHaveLength(2);
  });

  it("by a shape that is written later are unaffected", () => {
    using graph = new Graph();
    const shape = [2, 3];
    const x = graph.constant({ shape, data: new Float32Array(6) });
    shape[0] = 1_000_000;
    expect(graph.shape(x)).toEqual([2, 3]);
  });

  it("by shapes that the graph gave and someone wrote are unaffected", () => {
    using graph = new Graph();
    const x = graph.variable({ shape: [2, 3], data: new Float32Array(6) });
    graph.backward(graph.sum(x));
    for (const shape of [graph.shape(x), graph.value(x).shape, graph.grad(x)!.shape]) (shape as number[])[0] = 1e6;
    expect(graph.shape(x)).toEqual([2, 3]);
    expect(graph.value(graph.relu(x)).data).toHaveLength(6);
  });

  it("by resizing are refused or right", () => {
    using graph = new Graph();
    const buffer = resizable(16, 64);
    const data = new Float32Array(buffer);
    const value = { shape: [4], data };
    const x = graph.constant(value);
    buffer.resize(64);
    expect(() => graph.constant(value)).toThrow(ShapeError);
    expect(() => graph.setValue(x, value)).toThrow(ShapeError);
    buffer.resize(8);
    expect(() => graph.constant(value)).toThrow(ShapeError);
    const fixed = new Float32Array(buffer, 0, 2);
    buffer.resize(0);
    expect(() => graph.constant({ shape: [2], data: fixed })).toThrow(ShapeError);
    expect(graph.nodes).toHaveLength(1);
  });

  it("may lie in shared memory", () => {
    using graph = new Graph();
    const data = new Float32Array(new SharedArrayBuffer(8)).fill(2);
    expect([...graph.value(graph.constant({ shape: [2], data })).data]).toEqual([2, 2]);
  });

  it("ops that call the graph while it runs them are refused, and nothing is disturbed", () => {
    using graph = new Graph();
    const x = graph.constant(tensor([2], [1, 2]));
    for (const rule of ["shape", "forward"] as const) {
      const op = { ...ops.neg, [rule]: () => (graph.neg(x), [2]) };
      expect(() => graph["apply"](op, [x], undefined)).toThrow(ConfigError);
    }
    expect(graph.nodes).toHaveLength(1);
    expect([...graph.value(graph.neg(x)).data]).toEqual([-1, -2]);
  });

  it("attributes whose getters call the graph are read before the op begins, and nothing is disturbed", () => {
    using graph = new Graph();
    const x = graph.constant(tensor([2, 2], [1, 2, 3, 4]));
    const attributes = {
      get dim(): number {
        graph.neg(x);
        return 0;
      },
    };
    expect(graph.value(graph.slice(x, attributes))).toEqual(graph.value(x));
    expect(graph.nodes).toHaveLength(3);
    expect([...graph.value(graph.slice(x, { dim: 0, start: 1 })).data]).toEqual([3, 4]);
  });
});

it("ids of any type are recognised as stale", () => {
  using graph = new Graph();
  for (const id of [NaN, -1, 0.5, "1", null, undefined, {}, Object.create(null), Symbol("id"), "x".repeat(10_000)]) {
    expect(() => graph.value(id as never)).toThrow(/^node .{1,20} does not exist: no graph made it/);
  }
});
