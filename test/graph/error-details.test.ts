import { describe, expect, it } from "vitest";
import {
  AbortError,
  AdamW,
  ConfigError,
  Graph,
  LoraLinear,
  LowrankError,
  MemoryError,
  SGD,
  ShapeError,
} from "../../ts/index.js";
import { StaleNodeError, cosineSchedule, init, tensor, zeros } from "../../ts/index.js";
import { throwIfAborted } from "../../ts/waiting/abort.js";

type Act = (graph: Graph) => unknown;

const stale = (graph: Graph) => graph.step(() => graph.constant(zeros([1])));

/** What a program reads from an error of the core, class by class. Ops have theirs in test/ops/shape-errors. */
const table: [string, abstract new (...args: never[]) => LowrankError, object, Act][] = [
  [
    "data that do not fill a shape",
    ShapeError,
    { op: "tensor", option: "values", shape: [2, 2], expected: 4, actual: 3 },
    () => tensor([2, 2], [1, 2, 3]),
  ],
  [
    "a value of another shape",
    ShapeError,
    { op: "setValue", input: "tensor", expected: [2], actual: [3] },
    (graph) => graph.setValue(graph.constant(zeros([2])), zeros([3])),
  ],
  [
    "a loss of several values",
    ShapeError,
    { op: "backward", input: "loss", expected: [], actual: [2] },
    (graph) => graph.backward(graph.variable(zeros([2]))),
  ],
  [
    "a weight as PyTorch has it",
    ShapeError,
    { op: "LoraLinear", input: "weight", expected: [3, 4], actual: [4, 3] },
    (graph) => LoraLinear.fromLinear(graph, graph.constant(zeros([4, 3])), null, 3, 4),
  ],
  ["too many dimensions", ShapeError, { op: "zeros", rank: 65, maximum: 64 }, () => zeros(Array<number>(65).fill(1))],
  ["a node that ended", StaleNodeError, { reason: "ended" }, (graph) => graph.value(stale(graph))],
  ["no node at all", StaleNodeError, { node: -1, reason: "unknown" }, (graph) => graph.value(-1 as never)],
  [
    "a graph that was disposed",
    StaleNodeError,
    { reason: "disposed" },
    (graph) => (graph.dispose(), graph.constant(zeros([1]))),
  ],
  [
    "an option out of range",
    ConfigError,
    { op: "SGD", option: "lr", value: -1, expected: "a number from 0" },
    (graph) => new SGD(graph, [], { lr: -1 }),
  ],
  [
    "an option misspelt",
    ConfigError,
    { op: "AdamW", option: "learning_rate", meant: "lr" },
    (graph) => new AdamW(graph, [], { learning_rate: 1 } as never),
  ],
  [
    "options that do not go together",
    ConfigError,
    { op: "SGD", option: "nesterov", momentum: 0, dampening: 0 },
    (graph) => new SGD(graph, [], { nesterov: true }),
  ],
  [
    "a warm-up longer than all",
    ConfigError,
    { op: "cosineSchedule", warmup: 9, total: 8 },
    () => cosineSchedule({ peak: 1, warmup: 9, total: 8 }),
  ],
  ["a constant to train", ConfigError, { op: "optimizer" }, (graph) => new AdamW(graph, [graph.constant(zeros([1]))])],
  ["a body that awaits", ConfigError, { op: "step", reason: "promise" }, (graph) => graph.step(async () => {})],
  [
    "a method inside view",
    ConfigError,
    { reason: "view" },
    (graph) => graph.view(graph.constant(zeros([1])), () => graph.constant(zeros([1]))),
  ],
  [
    "a tensor that is too large",
    MemoryError,
    { op: "zeros", shape: [2 ** 31], requested: 2 ** 33, maximum: 2 ** 32 },
    () => zeros([2 ** 31]),
  ],
  [
    "work that was cancelled",
    AbortError,
    { reason: "enough", step: 3 },
    () => throwIfAborted(AbortSignal.abort("enough"), { step: 3 }),
  ],
];

function thrownBy(act: () => unknown): LowrankError {
  try {
    act();
  } catch (error) {
    if (error instanceof LowrankError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("details of an error", () => {
  it.each(table)("%s", (_, kind, details, act) => {
    using graph = new Graph();
    const error = thrownBy(() => act(graph));
    expect(error).toBeInstanceOf(kind);
    expect(error.details).toMatchObject(details);
  });

  it("memory that runs out in an op: bytes, the op and its shapes, forward and in the gradient", () => {
    using graph = new Graph();
    const { heap } = graph.engine;
    const x = graph.variable(zeros([512, 1024]));
    const exhausted = (act: () => unknown) => {
      heap.budget = heap.used;
      try {
        return thrownBy(act).details;
      } finally {
        heap.budget = Infinity;
      }
    };
    const bytes = { requested: expect.any(Number), used: heap.used, reserved: heap.reserved, maximum: heap.maximum };
    expect(exhausted(() => graph.exp(x))).toEqual({ ...bytes, op: "exp", shapes: [[512, 1024]] });
    graph.step(() => {
      const loss = graph.sum(graph.mul(x, x));
      const details = exhausted(() => graph.backward(loss));
      expect(details).toMatchObject({ op: expect.any(String), shapes: expect.any(Array), maximum: heap.maximum });
    });
  });

  it("an engine that runs already: what was asked for and what runs", async () => {
    const thrown = await init({ maximumMemory: 2 ** 25 }).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(ConfigError);
    expect((thrown as ConfigError).details).toMatchObject({ op: "init", value: { maximumMemory: 2 ** 25 } });
  });
});
