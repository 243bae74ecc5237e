import { beforeEach, describe, expect, it } from "vitest";
import { fit, type Graph, NonFiniteError, tensor } from "../../ts/index.js";
import { fail, graphOfTest, Regression, rows, taken } from "./regression.js";

let graph: Graph;
beforeEach(() => void (graph = graphOfTest()));

describe("a throw in the middle", () => {
  it.each([
    ["progress", { onProgress: fail }],
    ["a checkpoint", { checkpoint: { every: 1, save: fail } }],
    ["a schedule", { schedule: (step: number) => (step === 2 ? fail() : 0.01) }],
    ["a schedule's NaN", { schedule: () => NaN }],
  ])("of %s gives everything back, and the next fit works", async (_, options) => {
    const task = new Regression(graph);
    await fit(task, rows, { steps: 1 });
    expect(await taken(async () => expect(fit(task, rows, { steps: 5, ...options })).rejects.toThrow())).toBe(0);
    await fit(task, rows, { steps: 2 });
    expect(task.values.every(Number.isFinite)).toBe(true);
  });

  it("of a loss leaves the parameters as the last step left them", async () => {
    const task = new Regression(graph);
    const good = task.loss.bind(task);
    task.loss = (part) => (task.losses === 3 ? fail() : good(part));
    await expect(fit(task, rows, { steps: 9, batchSize: 4 })).rejects.toThrow("on purpose");
    const three = new Regression(graph);
    await fit(three, rows, { steps: 9, batchSize: 4, onProgress: ({ step }) => void (step === 2 && fail()) }).catch(
      () => undefined,
    );
    expect(task.values).toEqual(three.values);
  });

  it.each([1, 2])(
    "a task that throws in a step of %i parts leaves no gradient and no random numbers drawn",
    async (parts) => {
      const task = new Regression(graph, 0.5);
      const good = task.loss.bind(task);
      task.loss = (part) => {
        const loss = good(part);
        return task.losses === parts ? fail() : loss;
      };
      const drawn = graph.streamsDrawn;
      await expect(fit(task, rows, { steps: 3, batchSize: 4, accumulate: parts })).rejects.toThrow("on purpose");
      expect(graph.grad(task.weight)).toBeNull();
      expect(graph.streamsDrawn).toBe(drawn);
    },
  );
});

describe("what is not finite is noticed", () => {
  it.each([
    ["loss", { x: [1, 0, 0], y: [NaN] }, "the loss is NaN"],
    ["gradients", { x: [3e38, 3e38, 0], y: [1] }, "the loss is Infinity"],
  ])("in the %s, before the update", async (_, bad, message) => {
    const task = new Regression(graph);
    const running = fit(task, [bad], { steps: 3 });
    await expect(running).rejects.toThrow(NonFiniteError);
    await expect(running).rejects.toThrow(message);
    expect(task.values).toEqual([0.5, -0.25, 1]);
    expect(graph.grad(task.weight)).toBeNull();
  });

  it("in the norm of the gradients, where the loss is finite", async () => {
    const task = new Regression(graph);
    const good = task.loss.bind(task);
    task.loss = (part) => {
      const loss = good(part);
      // √x at 0 has value 0 and gradient ∞.
      const zero = graph.mul(task.weight, graph.constant(tensor([], [0])));
      return { ...loss, sum: graph.add(loss.sum, graph.sum(graph.sqrt(zero))) };
    };
    for (const maxGradNorm of [1, null]) {
      await expect(fit(task, rows, { steps: 1, maxGradNorm })).rejects.toThrow("the norm of the gradients is NaN");
    }
    expect(task.values).toEqual([0.5, -0.25, 1]);
  });

  it("in the parameters after the last update, and no checkpoint is handed over", async () => {
    const task = new Regression(graph);
    const saved: number[] = [];
    const running = fit(task, rows, {
      steps: 3,
      weightDecay: 1e38,
      schedule: (step) => (step === 2 ? 1e10 : 0),
      checkpoint: { every: 1, save: ({ step }) => void saved.push(step) },
    });
    await expect(running).rejects.toThrow("after step 3 a parameter is not finite");
    expect(saved).toEqual([1, 2]);
  });
});
