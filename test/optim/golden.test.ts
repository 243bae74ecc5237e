import { describe, expect, it } from "vitest";
import {
  Adagrad,
  Adam,
  AdamW,
  clipGradNorm,
  clipGradValue,
  constantSchedule,
  cosineAnnealingSchedule,
  cosineRestartsSchedule,
  cosineSchedule,
  exponentialSchedule,
  Graph,
  inverseSqrtSchedule,
  linearSchedule,
  type NodeId,
  oneCycleSchedule,
  polynomialSchedule,
  readSafetensors,
  RMSprop,
  SGD,
  stepSchedule,
  type Tensor,
} from "../../ts/index.js";
import { goldenBytes, goldenJson } from "../golden.js";
import { largestError } from "../ops/compare.js";

interface Trajectory {
  name: string;
  optimizer: keyof typeof optimizers;
  hyper: Record<string, unknown>;
  lr: number[];
  b_weight_decay?: number;
  norm_before_clip?: number[];
  max_norm?: number;
  clip_value?: number;
  torch_f32_err: number;
}
interface Index {
  cases: Trajectory[];
  clip: { name: string; max_norm: number; total_norm: number }[];
  schedules: Record<string, number[]>;
}

const index = await goldenJson<Index>("vectors/optim.json");
const file = readSafetensors(await goldenBytes("vectors/optim.safetensors"));

const optimizers = { Adagrad, Adam, AdamW, RMSprop, SGD };

function row({ shape, data }: Tensor, i: number): Tensor {
  const size = data.length / shape[0]!;
  return { shape: shape.slice(1), data: data.slice(i * size, (i + 1) * size) };
}

/** Gives a variable exactly this gradient. */
function setGrad(graph: Graph, id: NodeId, gradient: Tensor): void {
  graph.backward(id, gradient);
}

function optimizerOf(graph: Graph, test: Trajectory, w: NodeId, b: NodeId) {
  const { weight_decay: weightDecay, ...rest } = test.hyper as { weight_decay?: number };
  const options = { ...rest, lr: test.lr[0]!, ...(weightDecay === undefined ? {} : { weightDecay }) };
  const groups =
    test.b_weight_decay === undefined ? [w, b] : [{ params: [w] }, { params: [b], weightDecay: test.b_weight_decay }];
  return new optimizers[test.optimizer](graph, groups, options);
}

describe("optimizers against PyTorch, 20 steps each", () => {
  it("are 29 trajectories", () => expect(index.cases).toHaveLength(29));

  it.each(index.cases)("$name", (test) => {
    const graph = new Graph();
    const [w, b] = [graph.variable(file.tensor("w0")), graph.variable(file.tensor("b0"))];
    const optimizer = optimizerOf(graph, test, w, b);
    const limit = Math.max(1e-5, 4 * test.torch_f32_err);
    const [gradW, gradB] = [file.tensor("grads/w"), file.tensor("grads/b")];
    const [afterW, afterB] = [file.tensor(`${test.name}/w`), file.tensor(`${test.name}/b`)];
    for (let step = 0; step < 20; step++) {
      optimizer.zeroGrad();
      setGrad(graph, w, row(gradW, step));
      setGrad(graph, b, row(gradB, step));
      if (test.max_norm !== undefined) {
        const norm = clipGradNorm(graph, [w, b], test.max_norm);
        expect(Math.abs(norm / test.norm_before_clip![step]! - 1) < 1e-6 || norm === test.norm_before_clip![step]).toBe(
          true,
        );
      }
      if (test.clip_value !== undefined) clipGradValue(graph, [w, b], test.clip_value);
      optimizer.lr = test.lr[step]!;
      optimizer.step();
      expect(largestError(graph.value(w).data, row(afterW, step).data)).toBeLessThanOrEqual(limit);
      expect(largestError(graph.value(b).data, row(afterB, step).data)).toBeLessThanOrEqual(limit);
    }
    graph.dispose();
  });

  it.each([
    ["adamw", (graph: Graph, x: NodeId) => new AdamW(graph, [x], { lr: 0.1 })],
    ["sgd_momentum", (graph: Graph, x: NodeId) => new SGD(graph, [x], { lr: 0.02, momentum: 0.9 })],
    ["sgd_nesterov", (graph: Graph, x: NodeId) => new SGD(graph, [x], { lr: 0.02, momentum: 0.9, nesterov: true })],
  ] as const)("closed loop: quadratic_%s", (name, make) => {
    const graph = new Graph();
    const x = graph.variable({ shape: [4], data: new Float32Array(4) });
    const optimizer = make(graph, x);
    const constant = (...data: number[]) => graph.constant({ shape: [4], data: Float32Array.from(data) });
    const [target, stiffness] = [constant(1, -2, 3, 0.5), constant(0.5, 5, 0.05, 2)];
    const expected = file.tensor(`quadratic_${name}/x`);
    for (let step = 0; step < 20; step++) {
      optimizer.zeroGrad();
      graph.step(() => graph.backward(graph.sum(graph.mul(stiffness, graph.square(graph.sub(x, target))))));
      optimizer.step();
      expect(largestError(graph.value(x).data, row(expected, step).data)).toBeLessThanOrEqual(1e-5);
    }
    graph.dispose();
  });
});

describe("gradient clipping", () => {
  it.each(index.clip)("$name", ({ name, max_norm, total_norm }) => {
    const graph = new Graph();
    const params = [0, 1, 2, 3].map((i) => {
      const gradient = file.tensor(`${name}/in${i}`);
      const id = graph.variable({ shape: gradient.shape, data: new Float32Array(gradient.data.length) });
      setGrad(graph, id, gradient);
      return id;
    });
    expect(clipGradNorm(graph, params, max_norm)).toBeCloseTo(total_norm, 5);
    params.forEach((id, i) => {
      expect(largestError(graph.grad(id)!.data, file.tensor(`${name}/out${i}`).data)).toBeLessThanOrEqual(1e-6);
    });
    graph.dispose();
  });
});

describe("schedules against transformers and PyTorch", () => {
  it.each([
    ["linear_warmup4_total20", linearSchedule({ peak: 1, warmup: 4, total: 20 })],
    ["linear_warmup0_total20", linearSchedule({ peak: 1, total: 20 })],
    ["cosine_warmup4_total20", cosineSchedule({ peak: 1, warmup: 4, total: 20 })],
    ["cosine_warmup0_total20", cosineSchedule({ peak: 1, total: 20 })],
    ["constant_warmup5", constantSchedule({ peak: 1, warmup: 5 })],
    ["cosine_restarts2_warmup4_total20", cosineRestartsSchedule({ peak: 1, warmup: 4, total: 20, cycles: 2 })],
    ["polynomial2_warmup4_total20_end1e-7", polynomialSchedule({ peak: 1, warmup: 4, total: 20, power: 2 })],
    ["inverse_sqrt_warmup4", inverseSqrtSchedule({ peak: 1, warmup: 4 })],
    ["torch_StepLR_size5_gamma0.5", stepSchedule({ peak: 1, stepSize: 5, gamma: 0.5 })],
    ["torch_ExponentialLR_0.9", exponentialSchedule({ peak: 1, gamma: 0.9 })],
    ["torch_CosineAnnealingLR_Tmax20_min0.1", cosineAnnealingSchedule({ peak: 1, total: 20, least: 0.1 })],
    ["torch_OneCycleLR_max1_total20", oneCycleSchedule({ peak: 1, total: 20 })],
  ] as const)("%s", (name, schedule) => {
    const expected = index.schedules[name]!;
    expect(expected.length).toBeGreaterThan(0);
    expected.forEach((lr, step) => expect(schedule(step)).toBeCloseTo(lr, 12));
  });
});
