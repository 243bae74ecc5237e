import { describe, expect, it } from "vitest";
import {
  AdamW,
  engineInfo,
  Graph,
  init,
  LoraLinear,
  type NodeId,
  normal,
  ShapeError,
  StaleNodeError,
  tensor,
} from "../../ts/index.js";
import { ownEngine } from "../models/own-engine.js";

describe("nodes", () => {
  it("are stale after their step, and say so", () => {
    const graph = new Graph();
    const x = graph.constant(tensor([2], [1, 2]));
    let inner!: NodeId;
    graph.step(() => (inner = graph.add(x, x)));
    expect(() => graph.value(inner)).toThrow(StaleNodeError);
    expect(() => graph.add(x, inner)).toThrow(/rewound when its step ended/);
    expect(() => graph.value(999_999_999 as NodeId)).toThrow(/no graph made it/);
    const other = new Graph();
    expect(() => other.value(x)).toThrow(StaleNodeError);
    other.dispose();
    graph.dispose();
    graph.dispose();
    expect(() => graph.value(x)).toThrow(/disposed/);
    expect(() => graph.constant(tensor([1], [1]))).toThrow(StaleNodeError);
  });

  it("never share an id, even with those of rewound steps", () => {
    const graph = new Graph();
    const ids = new Set<number>();
    for (let i = 0; i < 5; i++) graph.step(() => ids.add(graph.constant(tensor([1], [i]))));
    expect(ids.size).toBe(5);
    graph.dispose();
  });

  it("are found among ids that other graphs, releases and steps took, and nothing else is", () => {
    const [graph, other] = [new Graph(), new Graph()];
    const all: NodeId[] = [];
    const mine = new Map<NodeId, number>();
    const make = (on: Graph, value: number) => {
      const id = on.constant(tensor([1], [value]));
      all.push(id);
      if (on === graph) mine.set(id, value);
    };
    // 1 is this graph's: runs of it and gaps of different lengths.
    [...Array.from("1110110000100111101000000011")].forEach((digit, i) => make(digit === "1" ? graph : other, i));
    const released = [...mine.keys()].filter((_, i) => i % 4 === 0);
    graph.release(released);
    released.forEach((id) => mine.delete(id));
    const check = () => {
      for (const id of all) {
        if (mine.has(id)) expect([...graph.value(id).data]).toEqual([mine.get(id)]);
        else expect(() => graph.value(id)).toThrow(StaleNodeError);
        for (const none of [id + 0.5, String(id), -id, { valueOf: () => id }, BigInt(id)])
          expect(() => graph.value(none as NodeId)).toThrow(StaleNodeError);
      }
    };
    check();
    graph.step(() => {
      for (let i = 0; i < 9; i++) make(i % 4 === 3 ? other : graph, 100 + i);
      check();
    });
    for (const id of [...mine.keys()].slice(-7)) mine.delete(id);
    check();
    for (const gone of [graph, other]) gone.dispose();
  });

  it("rewind when the body throws", () => {
    const graph = new Graph();
    const boom = () =>
      graph.step(() => {
        graph.constant(tensor([1], [1]));
        throw new Error("boom");
      });
    expect(boom).toThrow("boom");
    expect(graph.nodes).toHaveLength(0);
    graph.dispose();
  });

  it("copy what they are given and what they give", () => {
    const graph = new Graph();
    const data = Float32Array.of(1, 2, 3);
    const id = graph.variable({ shape: [3], data });
    data[0] = 9;
    const read = graph.value(id);
    expect([...read.data]).toEqual([1, 2, 3]);
    read.data[1] = 9;
    expect(graph.view(id, (array) => [...array])).toEqual([1, 2, 3]);
    expect(() => graph.setValue(id, tensor([2], [1, 2]))).toThrow(ShapeError);
    graph.dispose();
  });

  it("survive memory growing in the middle of a step", async () => {
    await using engine = await ownEngine();
    const graph = new Graph({ engine });
    const w = graph.variable(tensor([2, 2], [1, 2, 3, 4]));
    const before = engine.info.memory.reserved;
    graph.step(() => {
      const square = graph.square(w);
      graph.constant({ shape: [before / 2], data: new Float32Array(before / 2) });
      expect(engine.info.memory.reserved).toBeGreaterThan(before);
      expect([...graph.value(square).data]).toEqual([1, 4, 9, 16]);
      graph.backward(graph.sum(square));
    });
    expect([...graph.grad(w)!.data]).toEqual([2, 4, 6, 8]);
    graph.dispose();
  });
});

describe("gradients", () => {
  it("accumulate until zeroed, over steps and over uses", () => {
    const graph = new Graph();
    const x = graph.variable(tensor([2], [3, 4]));
    const step = () => graph.step(() => graph.backward(graph.sum(graph.add(graph.mul(x, x), x))));
    step();
    expect([...graph.grad(x)!.data]).toEqual([7, 9]);
    step();
    expect([...graph.grad(x)!.data]).toEqual([14, 18]);
    graph.zeroGrads();
    expect(graph.grad(x)).toBeNull();
    step();
    expect([...graph.grad(x)!.data]).toEqual([7, 9]);
    graph.dispose();
  });

  it("stop at constants and noGrad", () => {
    const graph = new Graph();
    const x = graph.variable(tensor([1], [2]));
    const frozen = graph.noGrad(() => graph.square(x));
    expect(graph.requiresGrad(frozen)).toBe(false);
    expect(() => graph.backward(frozen)).toThrow(/nothing trainable/);
    expect(() => graph.backward(graph.add(x, graph.constant(tensor([2], [1, 2]))))).toThrow(ShapeError);
    graph.dispose();
  });
});

describe("memory", () => {
  it("is the same after step 10 and step 10,000 of a training loop", () => {
    const graph = new Graph();
    const layer = LoraLinear.create(graph, 24, 16, { rank: 4, alpha: 8 });
    const optimizer = new AdamW(graph, layer.trainableParams());
    const input = normal(graph, [12, 24], 1);
    const target = normal(graph, [12, 16], 1);
    const measure = () => ({ memory: engineInfo().memory, nodes: graph.nodes.length });
    let early: ReturnType<typeof measure> | undefined;
    for (let step = 1; step <= 10_000; step++) {
      optimizer.zeroGrad();
      graph.step(() => {
        const y = layer.forward(graph, graph.constant(input));
        graph.backward(graph.mean(graph.square(graph.sub(y, graph.constant(target)))));
      });
      optimizer.step();
      if (step === 10) early = measure();
    }
    expect(measure()).toEqual(early);
    graph.dispose();
  });

  it("comes back when graphs are disposed", () => {
    const used = engineInfo().memory.used;
    for (let i = 0; i < 50; i++) {
      const graph = new Graph();
      graph.sum(
        graph.linear(graph.constant(normal(graph, [64, 128], 1)), graph.constant(normal(graph, [128, 256], 1))),
      );
      graph.dispose();
    }
    expect(engineInfo().memory.used).toBe(used);
  });
});

describe("init", () => {
  it("is idempotent and concurrent calls share one engine", async () => {
    const [first, second] = await Promise.all([init(), init()]);
    expect(first.build).toBe(second.build);
    const other = first.build === "simd" ? "relaxed" : "simd";
    await expect(init({ build: other })).rejects.toThrow(/already runs/);
  });
});
