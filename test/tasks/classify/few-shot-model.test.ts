import { describe, expect, it } from "vitest";
import { AbortError, ConfigError, fitLogisticRegression, SentenceEncoder, TextClassifier } from "../../../ts/index.js";
import { memoryStore, runFolds, runJob } from "../../../ts/jobs/index.js";
import { afterStep, results, run, runUntil, sources, spec } from "../../jobs/tiny-job.js";
import { examples, tinyEncoder } from "../../models/tiny-encoder.js";

const { steps: _, learningRate: __, ...plain } = spec;
const fewShot = { ...plain, recipe: "few-shot", baseline: true, validationSplit: 0.2 } as const;

describe("the recipe few-shot", () => {
  it("trains the adapter on pairs, and fits the head to the trained vectors", async () => {
    const store = memoryStore();
    const { report } = await run(fewShot, store);
    expect(report.settings).toMatchObject({ epochs: 20, steps: null, patience: null, learningRate: 3e-3 });
    expect(report.steps).toHaveLength(80);
    expect(report.steps.at(-1)!.loss).toBeLessThan(report.steps[0]!.loss);
    expect(report.training.diverged).toBe(false);
    const files = store.files();
    expect(new TextDecoder().decode(files["loss.svg"])).not.toContain("guess");

    using encoder = await SentenceEncoder.load(await tinyEncoder());
    const classifier = TextClassifier.load(encoder, files);
    const { train } = report.data;
    expect(train.examples).toBe(32);
    const { head, labels } = classifier;
    const trainedOn = await trainedTexts(fewShot);
    const vectors = await encoder.encode(
      trainedOn.map(({ text }) => text),
      { adapter: "classifier", normalize: false },
    );
    const length = vectors.reduce((sum, vector) => sum + Math.hypot(...vector), 0) / vectors.length;
    const targets = trainedOn.map(({ label }) => labels.indexOf(label));
    const { weight } = await fitLogisticRegression(encoder.graph, vectors, targets, 2, {
      regularisation: 1 / (length * length),
    });
    const ours = encoder.graph.value(head.weight).data;
    weight.data.forEach((value, i) => expect(ours[i]).toBeCloseTo(value, 4));
  });

  it.each([
    ["headLearningRate", 0.01],
    ["labelSmoothing", 0.1],
    ["sampling", "balanced"],
  ] as const)("refuses %s, which it does not have, by its name, and leaves nothing", async (name, value) => {
    const store = memoryStore();
    const call = run({ ...fewShot, [name]: value }, store);
    await expect(call).rejects.toThrow(ConfigError);
    await expect(call).rejects.toThrow(`${name} ${value} has no effect: the recipe "few-shot"`);
    expect(store.files()).toEqual({});
    const { report } = await run(
      { ...fewShot, epochs: undefined, headOnly: true, baseline: true, [name]: value },
      store,
    );
    expect(report.steps).toHaveLength(0);
  });

  it("resumes to the same bytes", async () => {
    const [whole, store] = [memoryStore(), memoryStore()];
    await run(fewShot, whole);
    const { error } = await runUntil(fewShot, store, afterStep(27));
    expect(error).toBeInstanceOf(AbortError);
    await run(fewShot, store);
    expect(results(store.files())).toEqual(results(whole.files()));
  });

  it("chooses the step by a validation where one is asked for, and is compared in folds", async () => {
    const { report } = await run({ ...fewShot, patience: 2, testSplit: 0.2 }, memoryStore());
    expect(report.evaluation!.measured.length).toBeGreaterThan(2);
    const folds = await runFolds({ ...fewShot, validationSplit: null, epochs: 2 }, 2, memoryStore(), { sources });
    expect(folds.folds).toHaveLength(2);
  });

  it("trains for as many steps as are given, in place of its epochs", async () => {
    const { report } = await run({ ...fewShot, steps: 3 }, memoryStore());
    expect(report.settings).toMatchObject({ steps: 3, epochs: null });
    expect(report.steps).toHaveLength(3);
  });

  it("is refused for labelled words", async () => {
    const tokens = { ...plain, task: "tokens", recipe: "few-shot" } as never;
    await expect(runJob(tokens, memoryStore(), { sources })).rejects.toThrow(ConfigError);
  });
});

/** The texts that a run trains on: all without those that it predicts at its end. */
async function trainedTexts(given: typeof fewShot) {
  const { predictions } = await run(given, memoryStore());
  const measured = new Set(predictions.map(({ text }) => text));
  return examples.filter(({ text }) => !measured.has(text));
}
