import { beforeEach, describe, expect, it } from "vitest";
import { ConfigError, fit, Graph } from "../../ts/index.js";
import { graphOfTest, Regression, type Row, rows } from "./regression.js";

let graph: Graph;
beforeEach(() => void (graph = graphOfTest()));

describe("accumulation", () => {
  it("weighs by targets: micro-batches of unlike counts give what one batch gives", async () => {
    const [whole, parts] = [new Regression(graph), new Regression(graph)];
    const run = { steps: 9, batchSize: 6, learningRate: 0.05, maxGradNorm: 0.3 };
    const one = await fit(whole, rows, run);
    const four = await fit(parts, rows, { ...run, accumulate: 4 });
    expect(parts.losses).toBe(3 * 9); // 6 rows in parts of 2
    four.steps.forEach(({ loss, gradNorm }, i) => {
      expect(loss).toBeCloseTo(one.steps[i]!.loss, 5);
      expect(gradNorm).toBeCloseTo(one.steps[i]!.gradNorm, 5);
    });
    parts.values.forEach((value, i) => expect(value).toBeCloseTo(whole.values[i]!, 5));
  });

  it("the gradient is that of the mean over targets, not over examples", async () => {
    const task = new Regression(graph);
    const [w0, w1, w2] = task.values as [number, number, number];
    const { steps } = await fit(task, rows, { steps: 1, batchSize: 12, learningRate: 0, maxGradNorm: null });
    const gradient = [0, 0, 0];
    let [count, sum] = [0, 0];
    for (const { x, y } of rows) {
      for (const target of y) {
        const error = w0 * x[0]! + w1 * x[1]! + w2 * x[2]! - target;
        x.forEach((value, i) => (gradient[i]! += 2 * error * value));
        sum += error ** 2;
        count++;
      }
    }
    expect(count).not.toBe(rows.length);
    expect(steps[0]!.loss).toBeCloseTo(sum / count, 5);
    expect(steps[0]!.gradNorm).toBeCloseTo(Math.hypot(...gradient) / count, 5);
  });

  it("a part without targets counts for nothing; a step without any is an error that changes nothing", async () => {
    const task = new Regression(graph);
    const [first] = rows as [Row];
    const some = [first, { x: first.x, y: [] }];
    const both = await fit(task, some, { steps: 1, batchSize: 2, accumulate: 2, learningRate: 0 });
    const alone = await fit(task, [first], { steps: 1, batchSize: 1, learningRate: 0 });
    expect(both.steps[0]!.loss).toBeCloseTo(alone.steps[0]!.loss, 6);
    const none = fit(task, [{ x: first.x, y: [] }], { steps: 1 });
    await expect(none).rejects.toThrow("no example of this step has a target");
    expect(task.values).toEqual([0.5, -0.25, 1]);
  });
});

describe("options are checked before any work", () => {
  it.each<[string, object, string]>([
    ["a name that is another's", { lr: 1 }, 'did you mean "learningRate"'],
    ["a misspelt one", { epoch: 1 }, 'did you mean "epochs"'],
    ["no object", 5 as unknown as object, "options are an object"],
    ["steps", { steps: 1.5 }, "steps is a whole number from 1"],
    ["batchSize", { batchSize: "8" }, "batchSize is a whole number from 1"],
    ["maxGradNorm", { maxGradNorm: 0 }, "maxGradNorm is a number above 0"],
    ["learningRate", { learningRate: NaN }, "learningRate is a number from 0"],
    ["epochs", { epochs: Infinity }, "epochs is a number above 0"],
    ["two lengths", { steps: 3, epochs: 1 }, "steps and epochs both set how long"],
    ["checkpoint", { checkpoint: { every: 1 } }, "checkpoint.save is a function"],
    ["onProgress", { onProgress: 1 }, "onProgress is a function"],
    ["resume", { resume: { step: 25.5 } }, "checkpoint.step"],
  ])("%s", async (_, options, message) => {
    const task = new Regression(graph);
    const running = fit(task, rows, options);
    await expect(running).rejects.toThrow(ConfigError);
    await expect(running).rejects.toThrow(message);
    expect(task.losses).toBe(0);
    await fit(task, rows, { steps: 1 }); // its parameters are free again
  });
});

it("draws from the graph as if alone: the same dropout whatever others draw meanwhile", async () => {
  const values = async (others: number) => {
    const own = new Graph({ seed: 4 });
    const task = new Regression(own, 0.5);
    const start = own.streamsDrawn;
    await fit(task, rows, { steps: 6, batchSize: 4, onProgress: () => void (own.streamsDrawn += others) });
    expect(own.streamsDrawn).toBe(start + 6 * Math.max(1, others));
    const found = task.values;
    own.dispose();
    return found;
  };
  expect(await values(3)).toEqual(await values(0));
});
