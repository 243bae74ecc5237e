import { describe, expect, it } from "vitest";
import { createEngine, type Engine, MemoryError, TextClassifier } from "../../ts/index.js";
import { engine } from "../../ts/engine/engine.js";
import { tokenCounting } from "../../ts/training/estimate/batch-tokens.js";
import { jobSeconds } from "../../ts/training/estimate/job-seconds.js";
import { checkModelFits, memoryNeed, steppedTexts } from "../../ts/training/estimate/memory-need.js";
import { type JobEvent, memoryStore } from "../../ts/jobs/index.js";
import { textFields } from "../../ts/training/spec/classifier-fields.js";
import { readSpec } from "../../ts/training/spec/read-settings.js";
import { plainWords } from "../../ts/training/job-events.js";
import { SentenceEncoder } from "../../ts/models/sentence/sentence-encoder.js";
import { timeStep } from "../../ts/train/timed-step.js";
import { modelSource } from "../../ts/io/model-source.js";
import { examples, tinyEncoder } from "../models/tiny-encoder.js";
import { run, spec } from "./tiny-job.js";

const labels = ["bad", "good"];

async function counted(encoder: SentenceEncoder, on: Engine, batchSize: number) {
  const settings = { batchSize, seed: 0, accumulate: 1, checkpointing: false, sampling: null };
  const parts = { train: examples, validation: examples.slice(0, 3), measured: examples.slice(0, 2) };
  const data = { ...parts, labels, settings, steps: 9, tokenizer: encoder.tokenizer, engine: on };
  return { settings, tokens: await tokenCounting(data).count(undefined) };
}

describe("a job's estimate", () => {
  it("is told before the work and stands in the report", async () => {
    const events: JobEvent[] = [];
    const given = { ...spec, baseline: true };
    const { report } = await run(given, memoryStore(), { onProgress: (event) => events.push(event) });
    const ready = events.find((event) => event.type === "ready")!;
    expect(ready.type === "ready" && ready.job.estimate).toEqual(report.estimate);
    const { seconds, memory } = report.estimate;
    expect(seconds.total).toBeCloseTo(seconds.baseline + seconds.training + seconds.test, 9);
    for (const part of Object.values(seconds)) expect(part).toBeGreaterThan(0);
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

  it("counts what the steps will read", async () => {
    using encoder = await SentenceEncoder.load(await tinyEncoder());
    const { tokens } = await counted(encoder, engine(), 8);
    const length = (i: number) => encoder.tokenizer.encode(examples[i]!.text).length;
    const ofStep = (step: number) => [...tokens.batchAt(step)].reduce((sum, row) => sum + length(row), 0);
    expect(tokens.steps).toEqual(Array.from({ length: 9 }, (_, step) => ofStep(step)));
    expect(tokens.largest(1)).toBe(Math.max(...tokens.steps));
    expect(tokens.largest(8)).toBe(Math.max(...examples.map((_, i) => length(i))));
    expect(tokens.train).toBe(examples.reduce((sum, _, i) => sum + length(i), 0));
    expect(tokens.validation).toBe(length(0) + length(1) + length(2));
    expect(tokens.measured).toBe(length(0) + length(1));
  });

  it("counts the batches that balanced sampling makes", async () => {
    using encoder = await SentenceEncoder.load(await tinyEncoder());
    const rare = examples.filter(({ label }, i) => label === "good" || i < 3);
    const own = { ...{ train: rare, validation: rare, measured: rare, labels, steps: 5 }, engine: engine() };
    const settings = { batchSize: 8, seed: 0, sampling: "balanced" } as const;
    const counting = tokenCounting({ ...own, settings, tokenizer: encoder.tokenizer });
    const tokens = await counting.count(undefined);
    const good = (step: number) => [...tokens.batchAt(step)].filter((row) => rare[row]!.label === "good").length;
    expect([0, 1, 2, 3, 4].map(good)).toEqual([4, 4, 4, 4, 4]);
  });

  it("adds up the steps, what is measured on the way, and a test apart", () => {
    const tokens = { ...{ steps: [100, 300], train: 1000, validation: 50, measured: 20 }, largest: () => 0 };
    const part = { file: "a.csv", sha256: "", examples: [], labels: [], rawLabels: [], split: true };
    const held = { ...part, examples: [{ text: "a", label: "b", line: 2 }] };
    const job = (evaluateEvery: number | null, more: object, done: number | null = null, steps = 10) => ({
      ...{ settings: readSpec("test", { data: "a.csv", ...more }, textFields), steps, done, evaluateEvery },
      dataset: { validation: evaluateEvery === null ? part : held, test: part },
      tokens: { ...tokens, batchAt: () => new Int32Array(), ...(steps === 0 && { steps: [] }) },
    });
    const speed = { trained: 1, encoded: 1 / 64 };
    expect(jobSeconds(job(null, {}), speed)).toEqual({
      ...{ baseline: 15.9375, training: 2000, test: 0.3125, total: 2016.25 },
    });
    // Before the first step, after 4, 8 and 10; the head alone learns from what is measured then, too.
    expect(jobSeconds(job(4, {}), speed)).toMatchObject({ baseline: 15.9375 + 0.78125, training: 2003.125 });
    expect(jobSeconds(job(4, {}, 4), speed)).toMatchObject({ baseline: 0, training: 1201.5625 });
    expect(jobSeconds(job(null, { recipe: "peft", baseline: false }), speed).baseline).toBe(0.3125);
    const alone = jobSeconds(job(null, { headOnly: true }, null, 0), speed);
    expect(alone).toMatchObject({ baseline: 15.9375, training: 0, test: 0, total: 15.9375 });
  });

  it("foretells the memory that training takes, within a tenth", async () => {
    await using own = await createEngine({ threads: 1 });
    using encoder = await SentenceEncoder.load(await tinyEncoder(), { engine: own });
    const classifier = TextClassifier.create(encoder, { labels });
    const { settings, tokens } = await counted(encoder, own, 40);
    const { needed } = memoryNeed(steppedTexts(classifier, tokens), settings, 0, plainWords);
    const { peakMemory } = await classifier.fit(examples, { steps: 9, batchSize: 40 });
    expect(needed / peakMemory).toBeGreaterThan(0.9);
    expect(needed / peakMemory).toBeLessThan(1.1);
  });

  it("refuses what does not fit, and names what helps", async () => {
    await using own = await createEngine({ threads: 1, maximumMemory: 2 ** 24 });
    using encoder = await SentenceEncoder.load(await tinyEncoder(), { engine: own });
    const classifier = TextClassifier.create(encoder, { labels });
    const { tokens } = await counted(encoder, own, 40);
    const settings = { batchSize: 40, accumulate: 1, checkpointing: false };
    // A step as large as all these texts, many times.
    const times = (factor: number) => ({ ...tokens, largest: (parts: number) => (factor * tokens.largest(1)) / parts });
    const error = (factor: number) => {
      try {
        return memoryNeed(steppedTexts(classifier, times(factor)), settings, 0, plainWords);
      } catch (thrown) {
        return thrown;
      }
    };
    expect(error(1)).toMatchObject({ maximum: 2 ** 24 });
    expect(error(50)).toBeInstanceOf(MemoryError);
    expect((error(50) as Error).message).toMatch(
      /takes \d+ MB of linear memory with all else, 17 MB can be had: raise accumulate to \d+ for the same result, or lower batchSize \(40\) or maxTokens$/,
    );
    expect((error(1e5) as Error).message).toMatch(/17 MB can be had: lower batchSize \(40\) or maxTokens$/);
  });

  it("refuses a model that is too large before it is loaded", async () => {
    await using own = await createEngine({ threads: 1, maximumMemory: 2 ** 24 });
    const source = { ...(await modelSource(await tinyEncoder())), origin: "memory" };
    await checkModelFits(source, own);
    const config = JSON.parse(new TextDecoder().decode((await tinyEncoder())["config.json"])) as object;
    const bytes = new TextEncoder().encode(JSON.stringify({ ...config, vocab_size: 2 ** 18 }));
    const large = { ...source, ...(await modelSource({ "config.json": bytes })), origin: "memory" };
    await expect(checkModelFits(large, own)).rejects.toThrow(
      /^model model: training on it takes \d+ MB of linear memory for its weights alone, \d+ MB of 17 MB are left: take a smaller model$/,
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
      if (timed) for (const accumulate of [1, 2]) expect(timeStep(classifier, batch, accumulate)).toBeGreaterThan(0);
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
    expect(() => timeStep(classifier, [{ ids: Int32Array.of(1, 2 ** 30), target: 0 }], 1)).toThrow();
    expect([graph.training, graph.streamsDrawn]).toEqual(before);
  });
});
