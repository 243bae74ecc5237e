import { describe, expect, it } from "vitest";
import type * as Library from "../../ts/index.js";

declare const __PROJECT__: string;

/** The package as published, whose workers start from files beside it. Its engine is another than that of the set-up. */
const entry = typeof window === "undefined" ? `${__PROJECT__}/dist/node.js` : "/dist/browser.js";
const lowrank = (await import(/* @vite-ignore */ entry)) as typeof Library;
const info = await lowrank.init({ threads: 2 });

/** Twenty steps of a layer large enough that every kernel is shared out. */
function train(seed: number): Float32Array {
  const { AdamW, Graph, LoraLinear, normal } = lowrank;
  const graph = new Graph({ seed });
  const weight = graph.constant(normal(graph, [192, 160], 0.1));
  const layer = LoraLinear.fromLinear(graph, weight, null, 192, 160, { rank: 8, alpha: 16 });
  const optimizer = new AdamW(graph, layer.trainableParams(), { lr: 1e-2 });
  const [x, target] = [normal(graph, [301, 192], 1), normal(graph, [301, 160], 1)];
  for (let step = 0; step < 20; step++) {
    optimizer.zeroGrad();
    graph.step(() => {
      const y = graph.gelu(layer.forward(graph, graph.constant(x)));
      graph.backward(graph.mean(graph.square(graph.sub(y, graph.constant(target)))));
    });
    optimizer.step();
  }
  const result = graph.value(layer.loraA).data;
  graph.dispose();
  return result;
}

describe("two threads", () => {
  it("run, and say so", () => {
    expect([info.threads, info.threadsRefused, info.features.threads]).toEqual([2, null, true]);
  });

  it("repeat themselves bit for bit, time after time", () => {
    const first = train(5);
    for (let i = 0; i < 10; i++) expect(train(5)).toEqual(first);
    expect(train(6)).not.toEqual(first);
  });

  it("give what a float64 sum gives, at sizes around every cut", () => {
    const { Graph, normal } = lowrank;
    for (const [m, k, n] of [
      [1, 700, 700],
      [3, 64, 2000],
      [2000, 64, 3],
      [129, 257, 131],
      [64, 1, 64],
      [500, 300, 7],
    ] as const) {
      const graph = new Graph({ seed: m });
      const [a, b] = [normal(graph, [m, k], 1), normal(graph, [k, n], 1)];
      const c = graph.value(graph.matmul(graph.constant(a), graph.constant(b))).data;
      for (let trial = 0; trial < 200; trial++) {
        const [i, j] = [(trial * 7919) % m, (trial * 104_729) % n];
        let sum = 0;
        for (let p = 0; p < k; p++) sum += a.data[i * k + p]! * b.data[p * n + j]!;
        expect(Math.abs(c[i * n + j]! - sum)).toBeLessThan(1e-5 * Math.sqrt(k) * 10);
      }
      graph.dispose();
    }
  });

  it("are found awake and asleep: pauses between kernels change nothing", async () => {
    const first = train(9);
    for (const pause of [0, 1, 5, 30]) {
      await new Promise((resolve) => setTimeout(resolve, pause));
      expect(train(9)).toEqual(first);
    }
  });
});
