import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  AdamW,
  ConfigError,
  Graph,
  LoraLinear,
  type NodeId,
  normal,
  ShapeError,
  SGD,
  type Tensor,
} from "../../ts/index.js";

const ones = (shape: number[]): Tensor => ({ shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(1) });
const largest = (tensor: Tensor | null) => tensor!.data.reduce((most, x) => Math.max(most, Math.abs(x)), 0);

/** A layer with every tensor random, and a host reference of it in float64. */
function randomLayer(
  seed: number,
  inFeatures: number,
  outFeatures: number,
  rank: number,
  alpha: number,
  rslora = false,
) {
  const graph = new Graph({ seed });
  const weight = graph.constant(normal(graph, [inFeatures, outFeatures], 0.3));
  const bias = graph.constant(normal(graph, [outFeatures], 0.3));
  const layer = LoraLinear.fromLinear(graph, weight, bias, inFeatures, outFeatures, { rank, alpha, rslora });
  graph.setValue(layer.loraB, normal(graph, [rank, outFeatures], 0.5));
  return { graph, layer };
}

function reference(graph: Graph, layer: LoraLinear, x: Tensor): Float64Array {
  const [w, a, b, bias] = [layer.frozenWeight, layer.loraA, layer.loraB, layer.bias!].map((id) => graph.value(id).data);
  const { inFeatures: n, outFeatures: m, rank: r, scaling } = layer;
  const rows = x.data.length / n;
  const y = new Float64Array(rows * m);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < m; j++) {
      let sum = bias![j]!;
      for (let k = 0; k < n; k++) {
        let update = 0;
        for (let p = 0; p < r; p++) update += a![k * r + p]! * b![p * m + j]!;
        sum += x.data[i * n + k]! * (w![k * m + j]! + scaling * update);
      }
      y[i * m + j] = sum;
    }
  }
  return y;
}

describe("LoraLinear", () => {
  it("has the documented defaults: rank 4, alpha 1, no bias, W and B zero, A random", () => {
    const graph = new Graph();
    const layer = LoraLinear.create(graph, 6, 5);
    expect([layer.rank, layer.scaling, layer.inFeatures, layer.outFeatures, layer.bias]).toEqual([4, 0.25, 6, 5, null]);
    expect(largest(graph.value(layer.frozenWeight))).toBe(0);
    expect(largest(graph.value(layer.loraB))).toBe(0);
    expect(graph.shape(layer.loraA)).toEqual([6, 4]);
    expect(graph.shape(layer.loraB)).toEqual([4, 5]);
    expect(largest(graph.value(layer.loraA))).toBeGreaterThan(0);
    expect(layer.trainableParams()).toEqual([layer.loraA, layer.loraB]);
    expect(String(layer)).toBe("LoraLinear(6 → 5, rank 4, alpha 1, scaling 0.25)");
    graph.dispose();
  });

  it("computes x·W + (x·A)·B·(α/r) + bias, α/r being no 1, for any shapes", () => {
    const sizes = fc.record({
      seed: fc.integer({ min: 0, max: 1e6 }),
      inFeatures: fc.integer({ min: 1, max: 19 }),
      outFeatures: fc.integer({ min: 1, max: 19 }),
      rank: fc.integer({ min: 1, max: 9 }),
      alpha: fc.constantFrom(0.5, 3, 16, -2),
      rslora: fc.boolean(),
      batch: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(sizes, ({ seed, inFeatures, outFeatures, rank, alpha, rslora, batch }) => {
        const { graph, layer } = randomLayer(seed, inFeatures, outFeatures, rank, alpha, rslora);
        expect(layer.scaling).toBeCloseTo(alpha / (rslora ? Math.sqrt(rank) : rank), 12);
        const x = normal(graph, [...batch, inFeatures], 1);
        const y = graph.value(layer.forward(graph, graph.constant(x)));
        expect(y.shape).toEqual([...batch, outFeatures]);
        reference(graph, layer, x).forEach((expected, i) => {
          expect(Math.abs(y.data[i]! - expected)).toBeLessThan(1e-4 * Math.max(1, Math.abs(expected)));
        });
        graph.dispose();
      }),
      { numRuns: 60 },
    );
  });

  it("gives the same when merged, and merging changes nothing", () => {
    const { graph, layer } = randomLayer(3, 7, 7, 3, 5);
    const before = graph.value(layer.frozenWeight);
    const x = graph.constant(normal(graph, [4, 7], 1));
    const merged = graph.constant(layer.merge(graph));
    expect(graph.value(layer.frozenWeight)).toEqual(before);
    const [a, b] = [graph.value(layer.forward(graph, x)), graph.value(graph.linear(x, merged, layer.bias))];
    a.data.forEach((value, i) => expect(Math.abs(value - b.data[i]!)).toBeLessThan(1e-5));
    graph.dispose();
  });

  it("starts with ∂A zero and ∂B not, and has both from the second step", () => {
    const graph = new Graph();
    const layer = LoraLinear.create(graph, 5, 3, { alpha: 8 });
    const optimizer = new SGD(graph, layer.trainableParams(), { lr: 0.1 });
    const x = graph.constant(ones([2, 5]));
    const step = () => {
      optimizer.zeroGrad();
      graph.step(() => graph.backward(graph.sum(layer.forward(graph, x))));
    };
    step();
    expect(largest(graph.grad(layer.loraA))).toBe(0);
    expect(largest(graph.grad(layer.loraB))).toBeGreaterThan(0);
    optimizer.step();
    step();
    expect(largest(graph.grad(layer.loraA))).toBeGreaterThan(0);
    graph.dispose();
  });

  it("never gives the frozen weight or bias a gradient, but the input one where it is trainable", () => {
    const { graph, layer } = randomLayer(1, 4, 6, 2, 4);
    const x = graph.variable(ones([3, 4]));
    graph.step(() => graph.backward(graph.sum(layer.forward(graph, x))));
    expect(graph.grad(layer.frozenWeight)).toBeNull();
    expect(graph.grad(layer.bias!)).toBeNull();
    expect(graph.grad(x)!.shape).toEqual([3, 4]);
    graph.dispose();
  });

  it("shares the weight of fromLinear, keeps withBias and clone on the same tensors", () => {
    const graph = new Graph();
    const weight = graph.constant(normal(graph, [3, 2], 1));
    const layer = LoraLinear.fromLinear(graph, weight, null, 3, 2);
    expect(layer.frozenWeight).toBe(weight);
    const biased = layer.withBias(graph, { shape: [2], data: Float32Array.of(1, -1) });
    expect([biased.loraA, biased.loraB, biased.frozenWeight]).toEqual([layer.loraA, layer.loraB, weight]);
    expect(layer.bias).toBeNull();
    const clone = biased.clone();
    expect(clone).not.toBe(biased);
    expect({ ...clone }).toEqual({ ...biased });
    graph.dispose();
  });

  it("gives two layers of one shape different A, with uncorrelated columns", () => {
    const graph = new Graph();
    const [first, second] = [LoraLinear.create(graph, 512, 8), LoraLinear.create(graph, 512, 8)];
    const a = graph.value(first.loraA).data;
    const b = graph.value(second.loraA).data;
    expect(a).not.toEqual(b);
    const column = (data: Float32Array, j: number) => Array.from({ length: 512 }, (_, i) => data[i * 4 + j]!);
    const correlation = (x: number[], y: number[]) => {
      const dot = (u: number[], v: number[]) => u.reduce((sum, value, i) => sum + value * v[i]!, 0);
      return dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y));
    };
    for (const [x, y] of [
      [column(a, 0), column(a, 1)],
      [column(a, 0), column(b, 0)],
      [column(a, 2), column(a, 3)],
    ] as const) {
      expect(Math.abs(correlation(x, y))).toBeLessThan(0.2);
    }
    graph.dispose();
  });

  it("repeats itself bit for bit for one seed and differs for another", () => {
    const values = (seed: number) => {
      const graph = new Graph({ seed });
      const a = graph.value(LoraLinear.create(graph, 33, 7).loraA).data;
      graph.dispose();
      return a;
    };
    expect(values(7)).toEqual(values(7));
    expect(values(7)).not.toEqual(values(8));
    expect(values(2 ** 40)).not.toEqual(values(0));
  });

  it("refuses what would never learn or makes no sense, with the reason", () => {
    const graph = new Graph();
    const zero = () => ({
      a: { ...ones([4, 2]), data: new Float32Array(8) },
      b: { ...ones([2, 3]), data: new Float32Array(6) },
    });
    expect(() => LoraLinear.create(graph, 4, 3, { rank: 2, init: zero })).toThrow(/A and B are both zero/);
    expect(() => LoraLinear.create(graph, 4, 3, { rank: 0 })).toThrow(ConfigError);
    expect(() => LoraLinear.create(graph, 4, 3, { rank: 1.5 })).toThrow(/rank is a whole number/);
    expect(() => LoraLinear.create(graph, 4, 3, { alpha: NaN })).toThrow(/alpha/);
    expect(() => LoraLinear.create(graph, 4, 3, { dropout: 1 })).toThrow(/dropout/);
    expect(() => LoraLinear.create(graph, 0, 3)).toThrow(/inFeatures/);
    const weight = graph.constant(ones([3, 4]));
    expect(() => LoraLinear.fromLinear(graph, weight, null, 4, 3)).toThrow(/transpose PyTorch's \[out, in\] first/);
    expect(() => LoraLinear.create(graph, 4, 3).withBias(graph, ones([4]))).toThrow(ShapeError);
    const layer = LoraLinear.create(graph, 4, 3);
    expect(() => layer.forward(graph, graph.constant(ones([2, 5])))).toThrow(/last dimension must be 4/);
    graph.dispose();
  });

  it("drops elements of A's input only, only in training, and scales the rest", () => {
    const graph = new Graph();
    const weight = graph.constant(normal(graph, [64, 3], 1));
    const layer = LoraLinear.fromLinear(graph, weight, null, 64, 3, { rank: 2, alpha: 4, dropout: 0.5 });
    const x = graph.constant(normal(graph, [5, 64], 1));
    const run = () => graph.value(layer.forward(graph, x)).data;
    const base = graph.value(graph.linear(x, weight)).data;
    expect(run()).toEqual(base); // B is zero: whatever dropout does, the base path is whole
    graph.setValue(layer.loraB, normal(graph, [2, 3], 1));
    graph.eval();
    const quiet = run();
    expect(run()).toEqual(quiet);
    graph.train();
    const noisy = run();
    expect(noisy).not.toEqual(quiet);
    expect(run()).not.toEqual(noisy);
    graph.dispose();
  });
});

describe("training with parameter groups", () => {
  it("keeps a group's ratio of learning rates under a schedule (LoRA+), and its weight decay", () => {
    const graph = new Graph();
    const [a, b] = [graph.variable(ones([1])), graph.variable(ones([1]))];
    const groups = [{ params: [a] }, { params: [b], lr: 0.16, weightDecay: 0 }];
    const optimizer = new SGD(graph, groups, { lr: 0.01, weightDecay: 0 });
    optimizer.lr = 0.005;
    for (const id of [a, b]) graph.backward(id, ones([1]));
    optimizer.step();
    expect(1 - graph.value(a).data[0]!).toBeCloseTo(0.005, 6);
    expect(1 - graph.value(b).data[0]!).toBeCloseTo(0.08, 6);
    graph.dispose();
  });

  it("goes on from a saved state to the same numbers, and refuses another's", () => {
    const run = (interrupt: boolean) => {
      const graph = new Graph();
      const w: NodeId = graph.variable(normal(graph, [5, 3], 1));
      let optimizer = new AdamW(graph, [w], { lr: 0.05 });
      for (let step = 0; step < 10; step++) {
        if (interrupt && step === 5) {
          const state = optimizer.state();
          optimizer.dispose();
          optimizer = new AdamW(graph, [w], { lr: 0.05 });
          optimizer.load(state);
        }
        optimizer.zeroGrad();
        graph.step(() => graph.backward(graph.sum(graph.square(w))));
        optimizer.step();
      }
      const other = new AdamW(graph, [graph.variable(ones([2]))], {});
      expect(() => other.load(optimizer.state())).toThrow(ShapeError);
      const result = graph.value(w).data;
      graph.dispose();
      return result;
    };
    expect(run(true)).toEqual(run(false));
  });

  it("refuses constants, parameters named twice, and senseless settings", () => {
    const graph = new Graph();
    const [w, c] = [graph.variable(ones([2])), graph.constant(ones([2]))];
    expect(() => new AdamW(graph, [c])).toThrow(/is a constant/);
    expect(() => new AdamW(graph, [w, w])).toThrow(/listed twice/);
    expect(() => new AdamW(graph, [w], { betas: [0.9, 1] })).toThrow(/betas/);
    expect(() => new SGD(graph, [w], { nesterov: true })).toThrow(/nesterov/);
    graph.dispose();
  });
});
