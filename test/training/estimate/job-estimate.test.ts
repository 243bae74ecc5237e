import { settingNames } from "../../../ts/training/spec/option-names.js";
import { describe, expect, it } from "vitest";
import { ConfigError, createEngine, MemoryError, TextClassifier } from "../../../ts/index.js";
import { jobSeconds } from "../../../ts/training/estimate/job-estimate.js";
import { checkModelFits, memoryNeed, steppedOn } from "../../../ts/training/estimate/memory-need.js";
import { type JobEvent, memoryStore } from "../../../ts/jobs/index.js";
import { SentenceEncoder } from "../../../ts/models/sentence/sentence-encoder.js";
import { timeStep } from "../../../ts/train/step.js";
import { modelSource } from "../../../ts/io/model-locator.js";
import { examples, tinyEncoder } from "../../models/tiny-encoder.js";
import { run, sources, spec } from "../../jobs/tiny-job.js";
import { runJob } from "../../../ts/jobs/run-job.js";
import { tasks } from "../../../ts/tasks/index.js";
import { loadRun, openRun } from "../../../ts/training/prepare.js";
import { takeOptions } from "../../../ts/training/run-job.js";

const labels = ["bad", "good"];

/** A classifier's steps on batches of all examples. */
function stepped(classifier: TextClassifier, factor = 1) {
  const { encoder, graph } = classifier;
  const learnt = examples.map(({ text }) => ({ ids: encoder.tokenizer.encode(text) }));
  const stepMemory = (checkpointing: boolean) => ({
    memory(part: readonly (typeof learnt)[number][]) {
      const tokens = part.reduce((sum, { ids }) => sum + ids.length, 0);
      return classifier.memory([{ ids: new Int32Array(factor * tokens), target: 0 }], { checkpointing });
    },
  });
  return steppedOn({ graph, params: () => classifier.params(), stepMemory }, [learnt]);
}

const settings = { batchSize: 40, accumulate: 1, checkpointing: false };

describe("a job's estimate", () => {
  it("is told before the work and stands in the report", async () => {
    const events: JobEvent[] = [];
    const given = { ...spec, baseline: true };
    const { report } = await run(given, memoryStore(), { onProgress: (event) => events.push(event) });
    const ready = events.find((event) => event.type === "ready")!;
    expect(ready.type === "ready" && ready.job.estimate).toEqual(report.estimate);
    const { seconds, memory } = report.estimate;
    expect(seconds.total).toBeCloseTo(seconds.baseline + seconds.training + seconds.test, 9);
    const { validation, ...others } = seconds;
    expect(validation).toBe(0);
    for (const part of Object.values(others)) expect(part).toBeGreaterThan(0);
    expect(memory.needed).toBeLessThan(memory.maximum);
    // All that came before it is the model, the data and counting; nothing was trained or encoded for good.
    const before = events.slice(0, events.indexOf(ready));
    const phases = before.map((event) => (event.type === "progress" ? event.phase : event.type));
    expect(new Set(phases)).toEqual(new Set(["model", "data", "tokenize"]));
  });

  it("of the head alone, which takes no step, is that of encoding every text", async () => {
    const { report } = await run({ ...spec, steps: undefined, batchSize: undefined, headOnly: true }, memoryStore());
    const { seconds, memory } = report.estimate;
    expect(seconds.training).toBe(0);
    expect(seconds.baseline).toBeGreaterThan(seconds.test);
    expect(seconds.total).toBeCloseTo(seconds.baseline + seconds.test, 9);
    expect(memory.needed).toBeGreaterThan(0);
  });

  it("follows the batches of the training, balanced ones too", async () => {
    // Four long texts of one label among forty: in balanced batches of eight there are four of them, in others fewer.
    const long = Array.from({ length: 20 }, () => "the story was bad and the music was dull").join(" ");
    const rows = examples.map(({ text }, i) => (i % 10 === 0 ? `"${long}",rare\n` : `"${text}",often\n`));
    const file = new TextEncoder().encode(`text,label\n${rows.join("")}`);
    const uneven = { ...sources, readData: async (name: string) => ({ name, bytes: file }) };
    const estimated = async (sampling: "balanced" | null) => {
      const { report } = await runJob(
        { ...spec, steps: 12, sampling, nearDuplicates: "apart", allow: ["same-file"] },
        memoryStore(),
        { sources: uneven },
      );
      const context = takeOptions({ sources: uneven });
      const loaded = await loadRun("classify", tasks.classify, report.settings, context);
      const prepared = await openRun(loaded, context);
      const tokens = prepared.batches.map((batch) => batch.reduce((sum, { ids }) => sum + ids.length, 0));
      prepared.model.dispose();
      loaded.base.dispose();
      expect(tokens).toEqual(report.steps.map((step) => step.tokens));
      return { report, tokens };
    };
    const [plain, balanced] = [await estimated(null), await estimated("balanced")];
    const sum = (counts: readonly number[]) => counts.reduce((all, count) => all + count, 0);
    expect(sum(balanced.tokens)).toBeGreaterThan(1.25 * sum(plain.tokens));
    expect(balanced.report.estimate.memory.needed).toBeGreaterThan(plain.report.estimate.memory.needed);
  });

  it("counts the largest part of a step", async () => {
    using encoder = await SentenceEncoder.load(await tinyEncoder());
    using classifier = TextClassifier.create(encoder, { labels });
    const lengths = examples.map(({ text }) => encoder.tokenizer.encode(text).length);
    const { largest } = stepped(classifier);
    expect(largest(settings).tokens).toBe(lengths.reduce((sum, length) => sum + length, 0));
    expect(largest({ ...settings, accumulate: 40 }).tokens).toBe(Math.max(...lengths));
  });

  it("adds up the steps, what is measured on the way, and a test apart", () => {
    const tokens = { validation: 50, baseline: 1020, finish: 20 };
    const job = (evaluateEvery: number | null, more: object = {}, done: number | null = null, steps = 10) => ({
      steps,
      done,
      evaluateEvery,
      stepTokens: steps === 0 ? [] : [100, 300],
      tokens: { ...tokens, ...more },
    });
    const speed = { trained: 1, measured: 1 / 64 };
    expect(jobSeconds(job(null), speed)).toEqual({
      baseline: 15.9375,
      training: 2000,
      validation: 0,
      test: 0.3125,
      total: 2016.25,
    });
    // Before the first step, after 4, 8 and 10.
    expect(jobSeconds(job(4), speed)).toMatchObject({ validation: 3.125, training: 2003.125, total: 2019.375 });
    expect(jobSeconds(job(4, {}, 4), speed)).toMatchObject({ baseline: 0, training: 1201.5625 });
    const alone = jobSeconds(job(null, { finish: 0 }, null, 0), speed);
    expect(alone).toMatchObject({ baseline: 15.9375, training: 0, test: 0, total: 15.9375 });
  });

  it("of the baseline has what the head is fitted to", async () => {
    const baseline = async (more: object) => {
      const { report } = await run({ ...spec, steps: 2, ...more }, memoryStore());
      return report.estimate.seconds.baseline / report.estimate.seconds.test;
    };
    // Forty texts of which eight are tested; without a head that is fitted, those alone.
    expect(await baseline({ testSplit: 0.2 })).toBeGreaterThan(3.5);
    expect(await baseline({ testSplit: 0.2, recipe: "peft", baseline: false })).toBeCloseTo(1, 9);
  });

  it("foretells the memory that training takes, within a tenth", async () => {
    await using own = await createEngine({ threads: 1 });
    using encoder = await SentenceEncoder.load(await tinyEncoder(), { engine: own });
    const classifier = TextClassifier.create(encoder, { labels });
    const { needed } = memoryNeed(stepped(classifier), settings, 0, settingNames);
    const { peakMemory } = await classifier.fit(examples, { steps: 9, batchSize: 40 });
    expect(needed / peakMemory).toBeGreaterThan(0.9);
    expect(needed / peakMemory).toBeLessThan(1.1);
  });

  it("refuses what does not fit, and names what helps", async () => {
    await using own = await createEngine({ threads: 1, maximumMemory: 2 ** 24 });
    using encoder = await SentenceEncoder.load(await tinyEncoder(), { engine: own });
    const classifier = TextClassifier.create(encoder, { labels });
    // A step as large as all these texts, many times.
    const error = (factor: number) => {
      try {
        return memoryNeed(stepped(classifier, factor), settings, 0, settingNames);
      } catch (thrown) {
        return thrown;
      }
    };
    expect(error(1)).toMatchObject({ maximum: 2 ** 24 });
    expect(error(50)).toBeInstanceOf(MemoryError);
    expect((error(50) as Error).message).toMatch(
      /needs \d+ MB of linear memory in all, but only 17 MB are available: raise accumulate to \d+ for the same result, or lower batchSize \(40\) or maxTokens$/,
    );
    expect((error(1e5) as Error).message).toMatch(/17 MB are available: lower batchSize \(40\) or maxTokens$/);
  });

  it("refuses a model that is too large before it is loaded", async () => {
    await using own = await createEngine({ threads: 1, maximumMemory: 2 ** 24 });
    const source = { ...(await modelSource(await tinyEncoder())), origin: "memory" };
    await checkModelFits(source, own);
    const config = JSON.parse(new TextDecoder().decode((await tinyEncoder())["config.json"])) as object;
    const bytes = new TextEncoder().encode(JSON.stringify({ ...config, vocab_size: 2 ** 18 }));
    const large = { ...source, ...(await modelSource({ "config.json": bytes })), origin: "memory" };
    await expect(checkModelFits(large, own)).rejects.toThrow(
      /^model model: training needs \d+ MB of linear memory for its weights, but \d+ MB of 17 MB are left: use a smaller model$/,
    );
  });
});

describe("a timed step", () => {
  it("changes no bit of the training after it, dropout and all", async () => {
    const trained = async (timed: boolean) => {
      using encoder = await SentenceEncoder.load(await tinyEncoder(), { seed: 3 });
      const classifier = TextClassifier.create(encoder, { labels, lora: { dropout: 0.3 } });
      const batch = examples.slice(0, 6).map(({ text, label }) => {
        return { ids: encoder.tokenizer.encode(text), target: labels.indexOf(label) };
      });
      const before = encoder.graph.training;
      if (timed)
        for (const accumulate of [1, 2]) expect(await timeStep(classifier, batch, accumulate)).toBeGreaterThan(0);
      expect(encoder.graph.training).toBe(before);
      await classifier.fit(examples, { steps: 5, batchSize: 8, learningRate: 0.01 });
      return classifier.save();
    };
    expect(await trained(true)).toEqual(await trained(false));
  });

  it("that fails leaves mode and random streams as they were", async () => {
    using encoder = await SentenceEncoder.load(await tinyEncoder());
    const classifier = TextClassifier.create(encoder, { labels, lora: { dropout: 0.3 } });
    const { graph } = encoder;
    const before = [graph.training, graph.streamsDrawn];
    const wrong = { ids: Int32Array.of(1, 2 ** 30), target: 0 };
    await expect(timeStep(classifier, [wrong], 1)).rejects.toThrow(ConfigError);
    expect([graph.training, graph.streamsDrawn]).toEqual(before);
  });
});
