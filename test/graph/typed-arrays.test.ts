import { describe, expect, it } from "vitest";
import { engine } from "../../ts/engine/engine.js";
import { frozenMatrix, setStoredMatrix, storedMatrix } from "../../ts/entry/graph.js";
import {
  AdamW,
  ConfigError,
  engineInfo,
  Graph,
  LowrankError,
  MemoryError,
  type NodeId,
  readAdapter,
  ShapeError,
  StaleNodeError,
  tensor,
} from "../../ts/index.js";
import { packedLength, storedLength, weightFormats } from "../../ts/ops/product/frozen-weight.js";

// Arrays that are not what they say, and matrices of more elements than 32 bits count.

const sevens = (graph: Graph) => graph.constant({ shape: [1, 16], data: new Float32Array(16).fill(7) });
const matrix = { shape: [1, 16], format: "f32" } as const;

/** Runs `body` with `meanwhile` done at each request for memory, as another thread might. */
function atAllocations<T>(meanwhile: () => void, body: () => T): T {
  const { heap } = engine();
  const { allocate } = heap;
  heap.allocate = (bytes) => (meanwhile(), allocate.call(heap, bytes));
  try {
    return body();
  } finally {
    heap.allocate = allocate;
  }
}

// ES2024, which the project's library types do not know yet.
const growable = (bytes: number, most: number) =>
  new (
    SharedArrayBuffer as unknown as new (
      bytes: number,
      options: object,
    ) => SharedArrayBuffer & {
      grow(bytes: number): void;
    }
  )(bytes, { maxByteLength: most });

/** Two blocks side by side, the first of them free. */
function neighbour(graph: Graph): NodeId {
  const [hole, behind] = [sevens(graph), sevens(graph)];
  graph.release([hole]);
  return behind;
}

describe("bytes of a stored matrix", () => {
  it.each([
    ["more", 256],
    ["fewer", 0],
  ])("are counted by themselves: %s than they say", (_, length) => {
    using graph = new Graph();
    const behind = neighbour(graph);
    const { used } = engineInfo().memory;
    for (const name of ["byteLength", "length"]) {
      const bytes = Object.defineProperty(new Uint8Array(length).fill(0x41), name, { value: 64 });
      expect(() => frozenMatrix(graph, { ...matrix, bytes })).toThrow(ConfigError);
      const w = frozenMatrix(graph, { ...matrix, bytes: new Uint8Array(64) });
      expect(() => setStoredMatrix(graph, w, { ...matrix, bytes: [bytes] })).toThrow(ConfigError);
      graph.release([w]);
    }
    expect(graph.value(behind).data).toEqual(new Float32Array(16).fill(7));
    expect(engineInfo().memory.used).toBe(used);
  });

  it("are as many as at the call, whatever another thread does to their buffer", () => {
    using graph = new Graph();
    const behind = neighbour(graph);
    const buffer = growable(64, 4096);
    const bytes = new Uint8Array(buffer).fill(1);
    const grow = () => buffer.grow(Math.min(buffer.byteLength + 512, 4096));
    const w = atAllocations(grow, () => frozenMatrix(graph, { ...matrix, bytes }));
    expect(buffer.byteLength).toBeGreaterThan(64);
    expect(storedMatrix(graph, w).bytes[0]).toEqual(new Uint8Array(64).fill(1));
    expect(graph.value(behind).data).toEqual(new Float32Array(16).fill(7));
  });

  it("are counted beyond 32 bits", () => {
    using graph = new Graph();
    const { used } = engineInfo().memory;
    const sides = [[1, 2 ** 30], [2 ** 30, 1], [2 ** 16, 2 ** 14], [4, 2 ** 30], [1, 2 ** 32], [2 ** 31, 2 ** 31]]; // prettier-ignore
    for (const shape of sides) {
      for (const format of weightFormats) {
        for (const transposed of [false, true]) {
          const make = () => frozenMatrix(graph, { shape, format, transposed, bytes: new Uint8Array(0) });
          expect(make).toThrow(shape[0]! * shape[1]! > 2 ** 30 ? MemoryError : /are \d{9,12} bytes, got 0/);
        }
      }
    }
    expect(engineInfo().memory.used).toBe(used);
    expect(() => engine().heap.allocate(-1)).toThrow(MemoryError);
  });

  it("take what the kernels say where these can count them", () => {
    const { kernels } = engine();
    weightFormats.forEach((format, i) =>
      expect(storedLength(kernels, format, 1, 37)).toBe(kernels.stored_bytes(i, 37)),
    );
    for (const n of [0, 1, 3, 4, 5, 29]) expect(packedLength(kernels, 7, n)).toBe(kernels.packed_len(7, n));
    expect(packedLength(kernels, 2 ** 30, 1)).toBe(2 ** 32);
    expect(storedLength(kernels, "f32", 1, 2 ** 30)).toBe(2 ** 32);
  });

  it("may be a window on linear memory", () => {
    using graph = new Graph();
    const x = sevens(graph);
    const { pointer } = graph.node(x).value;
    const bytes = new Uint8Array(engine().heap.memory.buffer, pointer, 64);
    const grow = () => engine().heap.memory.grow(1);
    const w = atAllocations(grow, () => frozenMatrix(graph, { ...matrix, bytes }));
    expect(graph.value(w)).toEqual(graph.value(x));
  });

  it("of a buffer that was transferred are none", () => {
    using graph = new Graph();
    const bytes = new Uint8Array(64);
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    expect(() => frozenMatrix(graph, { ...matrix, bytes })).toThrow(/are 64 bytes, got 0/);
  });

  it("are read before the node is looked up", () => {
    using graph = new Graph();
    const w = frozenMatrix(graph, { ...matrix, bytes: new Uint8Array(64) });
    const { used } = engineInfo().memory;
    let taken!: NodeId;
    const given = {
      ...matrix,
      get bytes() {
        graph.release([w]);
        taken = sevens(graph);
        return new Uint8Array(64);
      },
    };
    expect(() => setStoredMatrix(graph, w, given)).toThrow(StaleNodeError);
    expect(graph.value(taken).data[0]).toBe(7);
    expect(engineInfo().memory.used).toBe(used);
    graph.release([taken]);
  });
});

describe("data of a tensor", () => {
  it.each([0, 64])("are counted by themselves: %i that say they are 4", (length) => {
    using graph = new Graph();
    const x = graph.variable(tensor([4], [1, 2, 3, 4]));
    const data = Object.defineProperty(new Float32Array(length), "length", { value: 4 });
    const given = { shape: [4], data };
    for (const run of [graph.constant, graph.variable, graph.setValue.bind(graph, x), graph.backward.bind(graph, x)])
      expect(() => (run as (value: object) => void).call(graph, given)).toThrow(ShapeError);
    expect(() => tensor([4], data)).toThrow(ShapeError);
    expect(graph.value(x).data).toEqual(Float32Array.of(1, 2, 3, 4));
    expect(graph.nodes).toHaveLength(1);
  });

  it("that another thread makes more are refused by name", () => {
    using graph = new Graph();
    const buffer = growable(16, 4096);
    const data = new Float32Array(buffer);
    const make = () => graph.constant({ shape: [4], data });
    expect(() => atAllocations(() => buffer.grow(64), make)).toThrow(LowrankError);
    expect(graph.nodes).toHaveLength(0);
  });

  it("are copied without the caller's code", () => {
    using graph = new Graph();
    const w = frozenMatrix(graph, { ...matrix, bytes: new Uint8Array(64) });
    const data = Object.defineProperties(new Float32Array(16).fill(3), {
      [Symbol.iterator]: { value: () => (graph.release([w]), [][Symbol.iterator]()) },
      slice: { value: () => (graph.release([w]), new Float32Array(16)) },
    });
    graph.setValue(w, { shape: [1, 16], data });
    expect(graph.value(w).data).toEqual(new Float32Array(16).fill(3));
  });

  it("that are lists are counted by themselves", () => {
    using graph = new Graph();
    const w = graph.constant(tensor([4, 2], new Float32Array(8)));
    const ids = Object.defineProperty(new Int32Array(2), "length", { value: 1000 });
    expect(graph.shape(graph.embedding(w, ids))).toEqual([2, 2]);
  });
});

it("what only looks like a typed array is refused by name", () => {
  using graph = new Graph();
  const w = frozenMatrix(graph, { ...matrix, bytes: new Uint8Array(64) });
  for (const kind of [Float32Array, Uint8Array]) {
    for (const fake of [Object.create(kind.prototype), new Proxy(new kind(16), {})] as never[]) {
      const calls: (() => unknown)[] = [
        () => graph.constant({ shape: [16], data: fake }),
        () => graph.setValue(w, { shape: [1, 16], data: fake }),
        () => tensor([16], fake),
        () => graph.embedding(w, fake),
        () => frozenMatrix(graph, { ...matrix, bytes: fake }),
        () => frozenMatrix(graph, { ...matrix, bytes: [fake] }),
        () => setStoredMatrix(graph, w, { ...matrix, bytes: fake }),
        () => readAdapter({ "adapter_config.json": fake, "adapter_model.safetensors": fake }),
      ];
      for (const call of calls) expect(call, String(call)).toThrow(LowrankError);
    }
  }
});

it("an optimizer's state whose getters dispose of the optimizer or its graph changes nothing", () => {
  for (const target of ["optimizer", "graph"] as const) {
    const graph = new Graph();
    const optimizer = new AdamW(graph, [graph.variable(tensor([3], [1, 2, 3]))]);
    const state = optimizer.state();
    const buffers = state.buffers;
    const given = {
      steps: state.steps,
      get buffers() {
        ({ optimizer, graph })[target].dispose();
        return buffers;
      },
    };
    expect(() => optimizer.load(given)).toThrow(LowrankError);
    graph.dispose();
  }
});
