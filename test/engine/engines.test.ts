import { afterEach, describe, expect, it } from "vitest";
import { engine as defaultEngine } from "../../ts/engine/engine.js";
import { frozenMatrix } from "../../ts/entry/graph.js";
import {
  AdamW,
  clipGradNorm,
  clipGradValue,
  ConfigError,
  createEngine,
  type Engine,
  EngineError,
  engineInfo,
  Graph,
  init,
  type InitOptions,
  LoraLinear,
  normal,
  SGD,
  StaleNodeError,
  tensor,
} from "../../ts/index.js";
import { permutation } from "../../ts/nn/random.js";

declare const __BUILD__: "simd" | "relaxed" | "auto";

const made: Engine[] = [];
afterEach(async () => void (await Promise.all(made.splice(0).map((engine) => engine.close()))));

async function another(options: InitOptions = {}): Promise<Engine> {
  const engine = await createEngine({ build: __BUILD__, threads: 1, ...options });
  made.push(engine);
  return engine;
}

/** A layer that learns; each `next` is one step, and gives all its numbers. */
function* training(engine: Engine, seed: number): Generator<Float32Array[], undefined> {
  const graph = new Graph({ engine, seed });
  const weight = graph.constant(normal(graph, [48, 40], 0.1));
  const layer = LoraLinear.fromLinear(graph, weight, null, 48, 40, { rank: 4, alpha: 12 });
  const optimizer = new AdamW(graph, layer.trainableParams(), { lr: 1e-2 });
  const [x, target] = [normal(graph, [33, 48], 1), normal(graph, [33, 40], 1)];
  try {
    for (;;) {
      optimizer.zeroGrad();
      graph.step(() => {
        const y = graph.dropout(graph.gelu(layer.forward(graph, graph.constant(x))), 0.1);
        graph.backward(graph.mseLoss(y, graph.constant(target)));
      });
      optimizer.step();
      yield [layer.loraA, layer.loraB].map((id) => graph.value(id).data);
    }
  } finally {
    graph.dispose();
  }
}

function take(run: Generator<Float32Array[], undefined>, count: number): unknown[] {
  const taken = Array.from({ length: count }, () => run.next().value);
  run.return(undefined);
  return taken;
}

it("what kernels throw outside a graph's methods has a name, and is as before", async () => {
  const on = await another();
  using graph = new Graph({ engine: on });
  const w = graph.variable(tensor([3], [1, 2, 3]));
  const stored = frozenMatrix(graph, { shape: [1, 4], format: "f16", bytes: new Uint8Array(8) });
  graph.backward(graph.square(w), tensor([3], [1, 1, 1]));
  const [adam, sgd] = [new AdamW(graph, [w]), new SGD(graph, [w])];
  const { kernels } = on.running;
  const calls: [keyof typeof kernels, () => unknown][] = [
    ["adamw", () => adam.step()],
    ["sgd", () => sgd.step()],
    ["fill", () => new AdamW(graph, [w])],
    ["sum_of_squares", () => clipGradNorm(graph, [w], 1)],
    ["scale", () => clipGradNorm(graph, [w], 1e-3)],
    ["clamp_forward", () => clipGradValue(graph, [w], 1)],
    ["philox_normal", () => normal(graph, [2], 1)],
    ["philox_uniform", () => permutation(4, 0, 0, on)],
    ["stored_columns", () => graph.value(stored)],
  ];
  const { used } = on.info.memory;
  for (const [name, call] of calls) {
    const trap = () => {
      throw new WebAssembly.RuntimeError("unreachable");
    };
    Object.assign(on.running, { kernels: { ...kernels, [name]: trap } });
    expect(call, name).toThrow(EngineError);
    Object.assign(on.running, { kernels });
    expect(on.info.memory.used, name).toBe(used);
  }
});

describe("two engines of other options", () => {
  it("train side by side, step by step in turns, to the bits that each gives alone", async () => {
    const alone = [take(training(defaultEngine(), 3), 12), take(training(defaultEngine(), 4), 12)];
    const runs = [
      training(await another({ tile: { rows: 4, columns: 16 }, maximumMemory: 2 ** 26 }), 3),
      training(await another({ tile: { rows: 8, columns: 8 } }), 4),
    ];
    const together: unknown[][] = [[], []];
    for (let step = 0; step < 12; step++) runs.forEach((run, i) => together[i]!.push(run.next().value));
    runs.forEach((run) => run.return(undefined));
    expect(together).toEqual(alone);
    expect(alone[0]).not.toEqual(alone[1]);
  });

  it("have memory of their own", async () => {
    const [a, b] = [await another(), await another({ maximumMemory: 2 ** 24 })];
    const before = [a.info.memory.used, b.info.memory.used, engineInfo().memory.used];
    const graph = new Graph({ engine: a });
    const x = graph.constant(normal(graph, [1000, 1000], 1));
    expect(a.info.memory.used).toBe(before[0]! + 4e6);
    expect([b.info.memory.used, engineInfo().memory.used]).toEqual(before.slice(1));
    // 16 MiB hold no 20 MB, the other's 2 GiB do.
    const narrow = new Graph({ engine: b });
    const large = { shape: [5_000_000], data: new Float32Array(5_000_000) };
    expect(() => narrow.constant(large)).toThrow(/of at most 16\.0 MiB/);
    graph.constant(large);
    expect(() => narrow.neg(x)).toThrow(StaleNodeError);
    expect([b.info.memory.maximum, engineInfo().memory.maximum]).toEqual([2 ** 24, 2 ** 31]);
  });

  it("are not what a graph takes for its own: only one from `createEngine` is", () => {
    for (const engine of [null, {}, "simd", 1, { ...defaultEngine() }]) {
      expect(() => new Graph({ engine: engine as unknown as Engine })).toThrow(ConfigError);
    }
    const graph = new Graph({ engine: undefined });
    expect(graph.engine).toBe(defaultEngine());
    graph.dispose();
  });
});

describe("an engine that was closed", () => {
  /** Everything a graph does, after its engine was closed. */
  async function onClosed() {
    const engine = await another();
    const graph = new Graph({ engine });
    const x = graph.variable(tensor([2, 2], [1, 2, 3, 4]));
    const loss = graph.mean(graph.square(x));
    graph.backward(loss);
    const optimizer = new AdamW(graph, [x], { lr: 0.1 });
    const { heap } = engine;
    await engine.close();
    return { engine, heap, graph, x, loss, optimizer };
  }

  it("says so to whoever asks something of it, each time", async () => {
    const { engine, graph, x, loss, optimizer } = await onClosed();
    const calls: Record<string, () => unknown> = {
      value: () => graph.value(x),
      view: () => graph.view(x, (array) => array[0]),
      grad: () => graph.grad(x),
      constant: () => graph.constant(tensor([1], [1])),
      setValue: () => graph.setValue(x, tensor([2, 2], [1, 2, 3, 4])),
      matmul: () => graph.matmul(x, x),
      reshape: () => graph.reshape(x, [4]),
      backward: () => graph.backward(loss),
      step: () => graph.step(() => 1),
      release: () => graph.release([x]),
      reserve: () => graph.reserve(1024),
      normal: () => normal(graph, [2], 1),
      "optimizer.step": () => optimizer.step(),
      "optimizer.state": () => optimizer.state(),
      info: () => engine.info,
      Graph: () => new Graph({ engine }),
    };
    for (let round = 0; round < 2; round++) {
      for (const [name, call] of Object.entries(calls)) {
        expect(call, name).toThrow(EngineError);
        expect(call, name).toThrow("the engine was closed");
      }
      await expect(graph.read(x)).rejects.toThrow(EngineError);
    }
  });

  it("holds no memory, and may be closed again; its graphs may be disposed", async () => {
    const { engine, heap, graph, optimizer } = await onClosed();
    expect([engine.closed, heap.reserved]).toEqual([true, 0]);
    await engine.close();
    await Promise.all([engine.close(), engine.close()]);
    optimizer.dispose();
    graph.dispose();
    graph.dispose();
    expect(() => graph.value(1 as never)).toThrow(StaleNodeError);
  });

  it("in the middle of a step ends that step, and what was recorded stays as stale as it would", async () => {
    const engine = await another();
    const graph = new Graph({ engine });
    const x = graph.variable(tensor([2], [1, 2]));
    expect(() =>
      graph.step(() => {
        void engine.close();
        return graph.neg(x);
      }),
    ).toThrow(EngineError);
    graph.dispose();
  });

  it("is no default any more: the next `init` starts another, and other graphs go on", async () => {
    const other = await another();
    const graph = new Graph({ engine: other });
    const first = defaultEngine();
    await first.close();
    expect(() => engineInfo()).toThrow(ConfigError);
    expect(() => new Graph()).toThrow(/call `await init\(\)` first/);
    await init({ build: __BUILD__, threads: 1 });
    expect(defaultEngine()).not.toBe(first);
    const values = [other, defaultEngine()].map((engine) => {
      const graph = new Graph({ engine });
      const a = graph.constant(tensor([2, 2], [1, 2, 3, 4]));
      return [...graph.value(graph.matmul(a, a)).data];
    });
    expect(values).toEqual([
      [7, 10, 15, 22],
      [7, 10, 15, 22],
    ]);
    graph.dispose();
  });
});

describe("`read`", () => {
  it("gives what `value` gives, of the moment it was called", async () => {
    const graph = new Graph();
    const x = graph.constant(tensor([2, 2], [1, 2, 3, NaN]));
    const reading = graph.read(x);
    graph.setValue(x, tensor([2, 2], [0, 0, 0, 0]));
    expect(await reading).toEqual(tensor([2, 2], [1, 2, 3, NaN]));
    graph.dispose();
    await expect(graph.read(x)).rejects.toThrow(StaleNodeError);
    for (const id of [undefined, null, "1", {}, NaN]) {
      await expect(graph.read(id as never)).rejects.toThrow(StaleNodeError);
    }
  });
});
