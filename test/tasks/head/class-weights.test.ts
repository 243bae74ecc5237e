import { describe, expect, it } from "vitest";
import { engine } from "../../../ts/engine/engine.js";
import {
  AdamW,
  ConfigError,
  engineInfo,
  type Example,
  SentenceEncoder,
  type Task,
  tensor,
  TextClassifier,
} from "../../../ts/index.js";
import { classWeightsOf } from "../../../ts/tasks/head/class-weights.js";
import { balancedOrder } from "../../../ts/train/batch-order.js";
import { microBatches, OptimizerStep } from "../../../ts/train/step.js";
import { goldenJson } from "../../golden.js";
import { examples, tinyEncoder } from "../../models/tiny-encoder.js";
import { graphOfTest } from "../../train/regression.js";

interface Weighted {
  readonly counts: number[];
  readonly weights: number[];
  readonly logits: number[][];
  readonly targets: number[];
  readonly loss: number;
  readonly gradient: number[][];
}
const { weighted } = await goldenJson<{ weighted: Weighted }>("metrics/scores.json");
const { logits, targets } = weighted;

/** 36 of one label, 4 of the other. */
const unbalanced: Example[] = examples
  .filter(({ label }, i) => label === "good" || i < 8)
  .flatMap((one) => (one.label === "good" ? [one, one] : [one]));

describe("class weights", () => {
  it('"balanced" are scikit-learn\'s; classes without examples weigh 1', () => {
    const all = weighted.counts.flatMap((count, i) => new Array<number>(count).fill(i));
    expect([...classWeightsOf("balanced", ["a", "b", "c"], all)]).toEqual(weighted.weights.map(Math.fround));
    expect([...classWeightsOf("balanced", ["a", "b", "c"], [0, 0, 0, 2])]).toEqual([4 / 6, 1, 2].map(Math.fround));
  });

  it.each([1, 2, 3, 7])("in %d parts: loss and gradient are PyTorch's", async (accumulate) => {
    const graph = graphOfTest();
    const rows = graph.variable(tensor([7, 3], logits.flat()));
    const weight = Float32Array.from(weighted.weights);
    const task: Task<number> = {
      graph,
      params: () => [rows],
      loss: (places) => {
        const own = places.map((i) => targets[i]!);
        const sum = graph.crossEntropy(graph.embedding(rows, places), own, { reduction: "sum", weight });
        return { sum, targets: own.length, weight: own.reduce((total, one) => total + weight[one]!, 0), tokens: 0 };
      },
    };
    const optimizer = new AdamW(graph, [rows], { lr: 0 });
    const parts = microBatches([0, 1, 2, 3, 4, 5, 6], accumulate);
    const step = new OptimizerStep(task, [rows], optimizer, parts.length);
    for (const part of parts) step.add(part);
    const { loss, gradNorm } = await step.update(null);
    expect(loss).toBeCloseTo(weighted.loss, 6);
    expect(gradNorm).toBeCloseTo(Math.hypot(...weighted.gradient.flat()), 6);
    graph.grad(rows)!.data.forEach((value, i) => expect(value).toBeCloseTo(weighted.gradient.flat()[i]!, 6));
    optimizer.dispose();
  });

  it.each([0, -1, NaN, Infinity])("a task's weight of %d is refused", (weight) => {
    const graph = graphOfTest();
    const x = graph.variable(tensor([1], [2]));
    const task: Task<number> = {
      graph,
      params: () => [x],
      loss: () => ({ sum: graph.sum(x), targets: 1, weight, tokens: 0 }),
    };
    const optimizer = new AdamW(graph, [x]);
    const step = new OptimizerStep(task, [x], optimizer, 1);
    expect(() => step.add([0])).toThrow(/the weight of a task's loss is a number above 0/);
    optimizer.dispose();
  });
});

describe("a classifier's fit", () => {
  const options = { steps: 4, batchSize: 10, learningRate: 0.01, seed: 3 };
  async function trained(more: object) {
    using encoder = await SentenceEncoder.load(await tinyEncoder());
    const classifier = TextClassifier.create(encoder, { labels: ["bad", "good"] });
    const before = await classifier.logits(unbalanced.map(({ text }) => text));
    const report = await classifier.fit(unbalanced, { ...options, ...more });
    return { before, losses: report.steps.map(({ loss }) => loss), files: classifier.save() };
  }
  const everything = { order: () => unbalanced.map((_, i) => i), maxGradNorm: null };

  it("takes the weighted mean over a step's targets, however it is cut", async () => {
    const { before, losses } = await trained({ ...everything, classWeights: "balanced" });
    const weights = { bad: 44 / (2 * 4), good: 44 / (2 * 40) };
    let [sum, total] = [0, 0];
    unbalanced.forEach(({ label }, i) => {
      const [bad, good] = [before[i]![0]!, before[i]![1]!];
      const weight = weights[label as "bad" | "good"];
      sum += weight * (Math.log(Math.exp(bad) + Math.exp(good)) - (label === "bad" ? bad : good));
      total += weight;
    });
    expect(losses[0]).toBeCloseTo(sum / total, 5);
    const parts = await trained({ ...everything, classWeights: "balanced", accumulate: 5 });
    parts.losses.forEach((loss, i) => expect(loss).toBeCloseTo(losses[i]!, 5));
    // Only their ratio counts.
    const named = await trained({ ...everything, classWeights: { bad: 10, good: 1 } });
    named.losses.forEach((loss, i) => expect(loss).toBeCloseTo(losses[i]!, 5));
  });

  it("with weights of 1 gives the bits of one without", async () => {
    expect(await trained({ classWeights: {} })).toEqual(await trained({}));
  });

  it("samples classes equally, the same again by seed", async () => {
    const one = await trained({ sampling: "balanced" });
    expect(await trained({ sampling: "balanced" })).toEqual(one);
    expect((await trained({})).losses).not.toEqual(one.losses);
    expect((await trained({ sampling: "balanced", seed: 4 })).losses).not.toEqual(one.losses);
  });

  it.each([
    [{ classWeights: "balance" }, /classWeights are "balanced" or numbers by label/],
    [{ classWeights: { worse: 1 } }, /classWeights names "worse", which is not one of \["bad","good"\]/],
    [{ classWeights: { bad: 0 } }, /classWeights\["bad"\] is a number above 0/],
    [{ classWeights: { bad: 1e-60 } }, /classWeights\["bad"\] is a number that float32 does not round to 0, got 1e-60/],
    [{ sampling: "even" }, /sampling is one of "balanced"/],
    [{ sampling: "balanced", order: () => [0] }, /sampling and order both/],
    [{ classWeight: {} }, /did you mean "classWeights"/],
  ])("refuses %o and changes nothing", async (more, message) => {
    const { used } = engineInfo().memory;
    await expect(trained(more)).rejects.toThrow(ConfigError);
    await expect(trained(more)).rejects.toThrow(message);
    expect(engineInfo().memory.used).toBe(used);
  });
});

describe("balancedOrder", () => {
  const classes = [0, 0, 0, 0, 0, 0, 0, 2, 2, 5];
  const drawn = (steps: number, size: number, seed: number) => {
    const order = balancedOrder(classes, size, seed, engine());
    return Array.from({ length: steps }, (_, step) => [...order(step)]);
  };

  it("takes each class as often, and each example of a class before one comes again", () => {
    const all = drawn(21, 4, 1).flat();
    const byClass = new Map([0, 2, 5].map((one) => [one, all.filter((i) => classes[i] === one)]));
    expect([...byClass.values()].map((own) => own.length)).toEqual([28, 28, 28]);
    for (let start = 0; start < 28; start += 7)
      expect(
        byClass
          .get(0)!
          .slice(start, start + 7)
          .sort(),
      ).toEqual([0, 1, 2, 3, 4, 5, 6]);
    // Passes differ in their order.
    expect(byClass.get(0)!.slice(0, 7)).not.toEqual(byClass.get(0)!.slice(7, 14));
  });

  it("gives any step without those before it, by seed", () => {
    const all = drawn(20, 4, 1);
    expect([...balancedOrder(classes, 4, 1, engine())(13)]).toEqual(all[13]);
    expect(drawn(20, 4, 1)).toEqual(all);
    expect(drawn(20, 4, 2)).not.toEqual(all);
  });
});
