import { describe, expect, it } from "vitest";
import { ConfigError, cosineSchedule, pairedDifference, SentenceEncoder, TextClassifier } from "../../../ts/index.js";
import { memoryStore } from "../../../ts/jobs/index.js";
import { splitExamples } from "../../../ts/io/examples/index.js";
import { examples, tinyEncoder } from "../../models/tiny-encoder.js";
import { results, run, runUntil, spec } from "../../jobs/tiny-job.js";

const steps = 12;
// Many of these texts are nearly the same, which `splitExamples` parts.
const short = { ...spec, steps, nearDuplicates: "apart" } as const;
const { train, validation } = splitExamples(examples, 0.2, 0);
const schedule = cosineSchedule({ peak: 0.01, warmup: 1, total: steps });
const training = { steps, batchSize: 8, learningRate: 0.01, schedule };

async function files(given: object) {
  const store = memoryStore();
  const { report } = await run({ ...short, ...given }, store);
  return { files: results(store.files()).files, report };
}

/** A classifier as a job makes it. */
async function made() {
  const encoder = await SentenceEncoder.load(await tinyEncoder(), { seed: 0 });
  const lora = { rank: 8, alpha: 16, dropout: 0.2 };
  return TextClassifier.create(encoder, { labels: ["bad", "good"], lora });
}

describe("the recipe", () => {
  it("peft is plain training from a random head", async () => {
    const classifier = await made();
    await classifier.fit(train, training);
    const { files: written, report } = await files({ recipe: "peft" });
    expect(written).toEqual(classifier.save());
    expect(report.result.headOnly).toBeNull();
    classifier.encoder.dispose();
  });

  it("takes LoRA+ as fit does", async () => {
    const classifier = await made();
    await classifier.fit(train, { ...training, loraPlusRatio: 4 });
    const { files: written } = await files({ recipe: "peft", loraPlusRatio: 4 });
    expect(written).toEqual(classifier.save());
    classifier.encoder.dispose();
  });

  it("default is the same from the fitted head, held back", async () => {
    const classifier = await made();
    const { regularisation } = await classifier.fitHead(train);
    await classifier.fitHead(train, { regularisation: regularisation / 100 });
    await classifier.fit(train, { ...training, headLearningRate: 0.002 });
    const { files: written, report } = await files({ headLearningRate: 0.002 });
    expect(written).toEqual(classifier.save());
    // It is measured, since it is there.
    expect(report.result.headOnly).not.toBeNull();
    classifier.encoder.dispose();
  });
});

describe("what head and adapter have over the head alone", () => {
  it("is measured text by text, after an interruption too", async () => {
    using encoder = await SentenceEncoder.load(await tinyEncoder());
    const alone = TextClassifier.create(encoder, { labels: ["bad", "good"], lora: null });
    await alone.fitHead(train);
    const predicted = await alone.predict(validation.map(({ text }) => text));
    const store = memoryStore();
    const { report, predictions } = await run(short, store);
    const difference = await pairedDifference(
      predictions.map((one) => one.predicted),
      predicted.map(({ label }) => label),
      validation.map(({ label }) => label),
    );
    expect(report.result.overHeadAlone).toEqual(difference);
    expect(difference.accuracy.difference).toBeCloseTo(
      report.result.after.accuracy - report.result.headOnly!.accuracy,
      12,
    );
    expect(results(store.files()).report.result.overHeadAlone).toEqual(difference);

    const halves = memoryStore();
    const longer = { ...spec, steps: 30 };
    await runUntil(longer, halves, ({ type }) => type === "checkpoint");
    const resumed = await run(longer, halves);
    expect(resumed.report.result).toEqual((await run(longer, memoryStore())).report.result);
  });

  it("is not told where nothing is compared", async () => {
    expect((await files({ recipe: "peft" })).report.result.overHeadAlone).toBeNull();
    expect((await files({ headOnly: true })).report.result.overHeadAlone).toBeNull();
  });
});

describe("the head alone", () => {
  it("is fitted, measured and saved without a step", async () => {
    using encoder = await SentenceEncoder.load(await tinyEncoder());
    const classifier = TextClassifier.create(encoder, { labels: ["bad", "good"], lora: null });
    await classifier.fitHead(train);
    const { files: written, report } = await files({ headOnly: true });
    expect(written).toEqual(classifier.save());
    expect(report.result.after).toEqual(report.result.headOnly);
    expect(report.result.after.accuracy).toBe((await classifier.evaluate(validation)).accuracy);
    expect(report.training.steps).toBe(0);
    const { baseline, training, test, total } = report.estimate.seconds;
    expect(training).toBe(0);
    expect(baseline).toBeGreaterThan(test);
    expect(total).toBe(baseline + test);
  });

  it("is fitted with the weights that training has", async () => {
    using encoder = await SentenceEncoder.load(await tinyEncoder());
    const balance = { classWeights: { good: 3 }, sampling: "balanced" } as const;
    const classifier = TextClassifier.create(encoder, { labels: ["bad", "good"], lora: null });
    await classifier.fitHead(train, balance);
    const { files: written } = await files({ headOnly: true, ...balance });
    expect(written).toEqual(classifier.save());
    await classifier.fitHead(train);
    expect(written).not.toEqual(classifier.save());
  });

  it("may not be asked of another recipe than there is", async () => {
    await expect(run({ ...short, recipe: "mine" as never }, memoryStore())).rejects.toThrow(ConfigError);
  });
});
