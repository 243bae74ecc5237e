import { describe, expect, it } from "vitest";
import {
  AdamW,
  ConfigError,
  constantSchedule,
  cosineSchedule,
  engineInfo,
  Graph,
  type OptimizerState,
  SGD,
  ShapeError,
  StaleNodeError,
  tensor,
} from "../../ts/index.js";

/** A variable `[3]` with a gradient, and an AdamW over it that has made a step. */
function trained() {
  const graph = new Graph();
  const w = graph.variable(tensor([3], [1, 2, 3]));
  const optimizer = new AdamW(graph, [w]);
  graph.step(() => graph.backward(graph.sum(graph.square(w))));
  optimizer.step();
  return { graph, w, optimizer };
}

describe("after dispose", () => {
  it.each(["step", "state", "load"] as const)("%s is refused by name", (method) => {
    const { graph, w, optimizer } = trained();
    const [state, value] = [optimizer.state(), graph.value(w)];
    optimizer.dispose();
    expect(() => optimizer[method](state)).toThrow(StaleNodeError);
    expect(() => optimizer[method](state)).toThrow("optimizer: it was disposed");
    expect(graph.value(w)).toEqual(value);
    optimizer.dispose();
    graph.dispose();
  });

  it("the memory is back to the last byte", () => {
    const { graph, w } = trained();
    const { used } = engineInfo().memory;
    const optimizer = new AdamW(graph, [w], { amsgrad: true });
    expect(engineInfo().memory.used).toBeGreaterThan(used);
    optimizer.dispose();
    expect(engineInfo().memory.used).toBe(used);
    graph.dispose();
  });
});

describe("parameters", () => {
  it("that are results are refused by name", () => {
    const { graph, w } = trained();
    const result = graph.neg(w);
    expect(() => new AdamW(graph, [w, result])).toThrow(/is the result of neg; pass variables/);
    expect(() => new SGD(graph, [{ params: [result] }])).toThrow(ConfigError);
    graph.dispose();
  });

  it("are updated all or none where one's node is gone", () => {
    using graph = new Graph();
    const kept = graph.variable(tensor([1], [1]));
    const mark = graph.mark();
    const gone = graph.variable(tensor([1], [2]));
    const optimizer = new SGD(graph, [kept, gone]);
    graph.backward(graph.square(kept));
    graph.rewind(mark);
    expect(() => optimizer.step()).toThrow(StaleNodeError);
    expect(() => optimizer.zeroGrad()).toThrow(StaleNodeError);
    expect(graph.value(kept).data[0]).toBe(1);
    expect(graph.grad(kept)!.data[0]).toBe(2);
  });

  it("are copied: the caller's list may change", () => {
    using graph = new Graph();
    const w = graph.variable(tensor([1], [1]));
    const list = [w];
    const group = { params: list, lr: 0.5 };
    const optimizer = new SGD(graph, [group]);
    list.length = 0;
    group.lr = 100;
    graph.backward(graph.square(w));
    optimizer.step();
    expect(graph.value(w).data[0]).toBe(0);
  });
});

describe("settings", () => {
  const refused: [string, RegExp, object][] = [
    ["one beta", /AdamW: betas are two numbers, got \[0.9\]/, { betas: [0.9] }],
    ["a beta of text", /betas\[1\] is a number from 0 to below 1, got "0.9"/, { betas: [0.9, "0.9"] }],
    ["a beta of NaN", /betas\[0\]/, { betas: [NaN, 0.9] }],
    ["a rate of text", /lr is a number from 0, got "0.1"/, { lr: "0.1" }],
    ["fit's name for the rate", /no option "learningRate"; did you mean "lr"\?/, { learningRate: 0.1 }],
    ["an eps below 0", /eps is a number from 0, got -1/, { eps: -1 }],
    ["an eps beyond float32", /eps is a number from 0 to 3\.4\d*e\+38, got 1e\+300/, { eps: 1e300 }],
    ["a flag of text", /amsgrad is true or false, got "no"/, { amsgrad: "no" }],
  ];
  it.each(refused)("%s", (_, message, options) => {
    using graph = new Graph();
    const w = graph.variable(tensor([1], [1]));
    expect(() => new AdamW(graph, [w], options)).toThrow(ConfigError);
    expect(() => new AdamW(graph, [w], options)).toThrow(message);
  });

  it("of schedules, and their steps", () => {
    expect(() => cosineSchedule({ peak: 1, total: NaN })).toThrow(/cosineSchedule: total is a number above 0, got NaN/);
    expect(() => cosineSchedule({ peak: 1, total: 5, warmup: 6 })).toThrow(/warmup is from 0 to total/);
    expect(() => cosineSchedule({ lr: 1, total: 5 } as never)).toThrow(/no option "lr"; did you mean "peak"/);
    expect(() => constantSchedule({ peak: 1 })(NaN)).toThrow(ConfigError);
  });
});

describe("a state", () => {
  const wrong: [string, typeof ConfigError | typeof ShapeError, (state: OptimizerState) => unknown][] = [
    ["null", ConfigError, () => null],
    ["half a step", ConfigError, ({ buffers }) => ({ steps: [0.5], buffers })],
    ["NaN steps", ConfigError, ({ buffers }) => ({ steps: [NaN], buffers })],
    ["fewer than no steps", ConfigError, ({ buffers }) => ({ steps: [-1], buffers })],
    ["steps of text", ConfigError, ({ buffers }) => ({ steps: ["1"], buffers })],
    ["no buffers", ConfigError, ({ steps }) => ({ steps, buffers: [null] })],
    ["a buffer that is missing", ConfigError, ({ steps, buffers }) => ({ steps, buffers: [{ m: buffers[0]!["m"] }] })],
    ["a buffer of doubles", ShapeError, (state) => withV(state, { shape: [3], data: new Float64Array(3) })],
    ["a buffer of numbers", ShapeError, (state) => withV(state, { shape: [3], data: [1, 2, 3] })],
    ["a buffer of another shape", ShapeError, (state) => withV(state, tensor([1, 3], [1, 2, 3]))],
    ["a buffer with NaN", ConfigError, (state) => withV(state, tensor([3], [1, NaN, 3]))],
    ["an infinite buffer", ConfigError, (state) => withV(state, tensor([3], [1, 2, Infinity]))],
    [
      "a buffer that is not kept",
      ConfigError,
      ({ steps, buffers }) => ({ steps, buffers: [{ ...buffers[0], vMax: 1 }] }),
    ],
  ];
  it.each(wrong)("with %s is refused, and nothing changes", (_, error, spoil) => {
    const { graph, optimizer } = trained();
    const before = optimizer.state();
    expect(() => optimizer.load(spoil(before) as OptimizerState)).toThrow(error);
    expect(optimizer.state()).toEqual(before);
    graph.dispose();
  });
});

function withV({ steps, buffers }: OptimizerState, v: unknown) {
  return { steps, buffers: [{ m: tensor([3], [9, 9, 9]), ...buffers[0], v }] };
}
