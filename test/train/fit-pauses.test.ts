import { expect, it } from "vitest";
import { type BatchLoss, fit, type NodeId, tensor } from "../../ts/index.js";
import { stopwatch } from "../../ts/waiting/next-task.js";
import { graphOfTest, Regression, type Row, rows } from "./regression.js";

/** A regression whose every micro-batch takes longer than a page can wait. */
class Slow extends Regression {
  override loss(part: readonly Row[]): BatchLoss {
    const elapsed = stopwatch();
    while (elapsed() < 20);
    return super.loss(part);
  }
}

it("between micro-batches others have a turn, and whatever they do to the graph changes no bit", async () => {
  const run = { steps: 3, batchSize: 6, accumulate: 3, learningRate: 0.05 };
  const alone = new Regression(graphOfTest(), 0.5);
  const expected = await fit(alone, rows, run);

  const graph = graphOfTest();
  const task = new Slow(graph, 0.5);
  const unrelated = graph.variable(tensor([1], [1]));
  const turns: number[] = [];
  const disturb = () => {
    turns.push(task.losses);
    const double = (id: NodeId) => graph.add(id, id);
    // A gradient of the very parameters, random numbers, and all gradients forgotten.
    graph.train();
    graph.step(() => graph.backward(graph.sum(graph.dropout(double(task.weight), 0.5))));
    if (turns.length % 2 === 0) graph.zeroGrads();
    graph.step(() => graph.backward(graph.sum(unrelated)));
    graph.eval();
  };
  const timer = setInterval(disturb, 0);
  const report = await fit(task, rows, run);
  clearInterval(timer);
  // After losses that do not end a step of three.
  expect(turns.some((losses) => losses % 3 !== 0)).toBe(true);
  expect(report.steps.map(({ loss, gradNorm }) => [loss, gradNorm])).toEqual(
    expected.steps.map(({ loss, gradNorm }) => [loss, gradNorm]),
  );
  expect(task.values).toEqual(alone.values);
  expect(graph.training).toBe(false);
});

it("others have a turn too while texts are tokenized to see what memory the steps will take", async () => {
  const task = new Regression(graphOfTest(), 0.5);
  let measured = 0;
  const slow = {
    graph: task.graph,
    params: () => task.params(),
    loss: (part: readonly Row[]) => task.loss(part),
    memory() {
      const elapsed = stopwatch();
      while (elapsed() < 20);
      return 64 * ++measured;
    },
  };
  const turns: number[] = [];
  const timer = setInterval(() => void (task.losses === 0 && turns.push(measured)), 0);
  await fit(slow, rows, { steps: 2, batchSize: 4, accumulate: 2 });
  clearInterval(timer);
  expect(measured).toBe(4);
  expect(turns.some((done) => done > 0 && done < 4)).toBe(true);
});

it("a step that breaks off after a pause leaves parameters, gradients and random numbers as they were", async () => {
  const graph = graphOfTest();
  const task = new Slow(graph, 0.5);
  const before = [task.values, graph.streamsDrawn];
  const failing = {
    graph,
    params: () => task.params(),
    loss(part: readonly Row[]) {
      if (task.losses === 2) throw new Error("on purpose");
      return task.loss(part);
    },
  };
  await expect(fit(failing, rows, { steps: 1, batchSize: 6, accumulate: 3 })).rejects.toThrow("on purpose");
  expect([task.values, graph.streamsDrawn]).toEqual(before);
  expect(graph.grad(task.weight)).toBe(null);
});
