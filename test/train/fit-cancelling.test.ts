import { beforeEach, describe, expect, it } from "vitest";
import { AbortError, type Checkpoint, fit, type Graph, tensor } from "../../ts/index.js";
import { graphOfTest, Regression, type Row, rows, taken, taskOf } from "./regression.js";

let graph: Graph;
beforeEach(() => void (graph = graphOfTest()));

describe("cancelling", () => {
  it("answers within a step, keeps what was learnt, hands over a checkpoint and gives memory back", async () => {
    const task = new Regression(graph);
    const controller = new AbortController();
    const saved: Checkpoint[] = [];
    await fit(new Regression(graph), rows, { steps: 1, batchSize: 4 }); // the graph's own first chunk
    const memory = await taken(async () => {
      const running = fit(task, rows, {
        steps: 1000,
        batchSize: 4,
        signal: controller.signal,
        checkpoint: { every: 1000, save: (checkpoint) => void saved.push(checkpoint) },
        onProgress: ({ step }) => void (step === 6 && controller.abort(new Error("enough"))),
      });
      await expect(running).rejects.toThrow(AbortError);
      await expect(running).rejects.toMatchObject({ cause: new Error("enough"), details: { step: 7 } });
    });
    expect(saved.map(({ step }) => step)).toEqual([7]);
    expect([...saved[0]!.parameters[0]!.data]).toEqual(task.values);
    // The gradient of the weight, which is its own for good.
    expect(memory).toBe(64);

    const undisturbed = new Regression(graph);
    await fit(undisturbed, rows, { steps: 12, batchSize: 4 });
    const resumed = new Regression(graph);
    const upTo7 = new Regression(graph);
    const checkpoints: Checkpoint[] = [];
    await fit(upTo7, rows, {
      steps: 12,
      batchSize: 4,
      checkpoint: { every: 7, save: (checkpoint) => void checkpoints.push(checkpoint) },
    });
    await fit(resumed, rows, { steps: 12, batchSize: 4, resume: checkpoints[0]! });
    expect(resumed.values).toEqual(undisturbed.values);
  });

  it("is heard at once, however many steps there are to be", async () => {
    const task = new Regression(graph);
    const controller = new AbortController();
    let measured = 0;
    const memory = (part: readonly Row[]) => {
      if (measured++ === 0) setTimeout(() => controller.abort(), 0);
      return 64 * part.length;
    };
    const options = { steps: 20_000_000, batchSize: 4, signal: controller.signal };
    const running = fit({ ...taskOf(task), memory }, rows, options);
    await expect(running).rejects.toThrow(AbortError);
    // Nor are all steps walked through before the first.
    expect(measured).toBeLessThanOrEqual(4096);
    expect(task.losses).toBeLessThanOrEqual(1);
  });

  it.each([0, 1, 7])("hands over a checkpoint where it comes while room is made, at step %d of it", async (at) => {
    const task = new Regression(graph);
    const before = task.values;
    const controller = new AbortController();
    const saved: Checkpoint[] = [];
    let measured = 0;
    const memory = () => {
      if (measured++ === at) controller.abort();
      // Longer than work goes on without a pause, in which the signal is heard.
      for (const start = performance.now(); performance.now() - start < 20;);
      return 64;
    };
    const checkpoint = { every: 100, save: (made: Checkpoint) => void saved.push(made) };
    const options = { steps: 12, batchSize: 4, signal: controller.signal, checkpoint };
    await expect(fit({ ...taskOf(task), memory }, rows, options)).rejects.toThrow(AbortError);
    expect(measured).toBe(at + 1);
    expect(saved.map(({ step }) => step)).toEqual([0]);
    expect([task.values, task.losses]).toEqual([before, 0]);

    const [resumed, undisturbed] = [new Regression(graph), new Regression(graph)];
    await fit(resumed, rows, { steps: 12, batchSize: 4, resume: saved[0]! });
    await fit(undisturbed, rows, { steps: 12, batchSize: 4 });
    expect(resumed.values).toEqual(undisturbed.values);
  });

  it("a progress function that never comes to its end does not keep a cancelled fit waiting", async () => {
    const controller = new AbortController();
    const running = fit(new Regression(graph), rows, {
      steps: 5,
      signal: controller.signal,
      onProgress: () => new Promise(() => void setTimeout(() => controller.abort(), 5)),
    });
    await expect(running).rejects.toThrow(AbortError);
  });
});

describe("resuming", () => {
  it("a long history is taken over, and a checkpoint that is refused changes nothing", async () => {
    const task = new Regression(graph);
    const saved: Checkpoint[] = [];
    await fit(task, rows, { steps: 1, checkpoint: { every: 1, save: (checkpoint) => void saved.push(checkpoint) } });
    const [{ parameters, optimizer, history }] = saved as [Checkpoint];
    const long = Array.from({ length: 150_000 }, (_, step) => ({ ...history[0]!, step }));
    const resume = { parameters, optimizer, history: long, step: long.length, streams: 0 };
    const { steps } = await fit(task, rows, { steps: long.length + 1, resume });
    expect(steps).toHaveLength(long.length + 1);
    graph.setValue(task.weight, tensor([3, 1], [7, 8, 9]));
    const refused = { ...resume, streams: 2 ** 40 };
    await expect(fit(task, rows, { steps: long.length + 1, resume: refused })).rejects.toThrow("checkpoint.streams");
    expect(task.values).toEqual([7, 8, 9]);
  });
});
