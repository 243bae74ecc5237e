import { describe, expect, it } from "vitest";
import { ConfigError, cosineSchedule, SentenceEncoder, TextClassifier } from "../../ts/index.js";
import { memoryStore } from "../../ts/jobs/index.js";
import { splitExamples } from "../../ts/io/examples/index.js";
import { examples, tinyEncoder } from "../models/tiny-encoder.js";
import { results, run, spec } from "./tiny-job.js";

const steps = 12;
const short = { ...spec, steps };
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

  it("may not be asked of another recipe than there is", async () => {
    await expect(run({ ...short, recipe: "mine" as never }, memoryStore())).rejects.toThrow(ConfigError);
  });
});
