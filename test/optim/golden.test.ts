import { describe, expect, it } from "vitest";
import {
  AdamW,
  clipGradNorm,
  clipGradValue,
  constantSchedule,
  cosineSchedule,
  Graph,
  linearSchedule,
  type NodeId,
  readSafetensors,
  SGD,
  type Tensor,
} from "../../ts/index.js";
import { goldenBytes, goldenJson } from "../golden.js";
import { largestError } from "../ops/compare.js";

interface Trajectory {
  name: string;
  optimizer: string;
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

/** Adam without weight decay is AdamW without it; other optimizers are not in this API. */
const ours = index.cases.filter(({ optimizer, name }) => ["AdamW", "SGD"].includes(optimizer) || name === "adam");

function row({ shape, data }: Tensor, i: number): Tensor {
  const size = data.length / shape[0]!;
  return { shape: shape.slice(1), data: data.slice(i * size, (i + 1) * size) };
}

/** Gives a variable exactly this gradient. */
function setGrad(graph: Graph, id: NodeId, gradient: Tensor): void {
  graph.backward(id, gradient);
}

function optimizerOf(graph: Graph, test: Trajectory, w: NodeId, b: NodeId): AdamW | SGD {
  const { weight_decay, ...rest } = test.hyper as { weight_decay?: number } & Record<string, unknown>;
  const adamDefault = test.optimizer === "Adam" ? 0 : undefined;
  const weightDecay = weight_decay ?? adamDefault;
  const options = { ...rest, lr: test.lr[0]!, ...(weightDecay === undefined ? {} : { weightDecay }) };
  const groups =
    test.b_weight_decay === undefined ? [w, b] : [{ params: [w] }, { params: [b], weightDecay: test.b_weight_decay }];
  return test.optimizer === "SGD" ? new SGD(graph, groups, options) : new AdamW(graph, groups, options);
}

describe("optimizers against PyTorch, 20 steps each", () => {
  it("covers all trajectories but those of optimizers that this API does not have", () => {
    const names = ours.map(({ name }) => name);
    const others = index.cases.map(({ name }) => name).filter((name) => !names.includes(name));
    expect(others).toEqual(["adam_l2", "rmsprop", "adagrad"]);
  });

  it.each(ours)("$name", (test) => {
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

describe("schedules against transformers", () => {
  it.each([
    ["linear_warmup4_total20", linearSchedule({ peak: 1, warmup: 4, total: 20 })],
    ["linear_warmup0_total20", linearSchedule({ peak: 1, total: 20 })],
    ["cosine_warmup4_total20", cosineSchedule({ peak: 1, warmup: 4, total: 20 })],
    ["cosine_warmup0_total20", cosineSchedule({ peak: 1, total: 20 })],
    ["constant_warmup5", constantSchedule({ peak: 1, warmup: 5 })],
  ] as const)("%s", (name, schedule) => {
    const expected = index.schedules[name]!;
    expect(expected.length).toBeGreaterThan(0);
    expected.forEach((lr, step) => expect(schedule(step)).toBeCloseTo(lr, 12));
  });
});
