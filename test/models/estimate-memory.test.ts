// @rest wholeModel
import { expect, it } from "vitest";
import { estimateMemory, type LoraOptions, SentenceEncoder, TextClassifier } from "../../ts/index.js";
import { miniLM } from "./minilm.js";
import { ownEngine } from "./own-engine.js";

const examples = Array.from({ length: 32 }, (_, i) => ({
  text: `a sentence about the number ${i} ${"and so on ".repeat(i % 7)}`,
  label: i % 2 === 0 ? "even" : "odd",
}));

/** Trains a few steps and gives what memory they took, beside what was foretold. */
async function measure(packedCopies: 1 | 2, checkpointing = false, targetModules?: string) {
  await using engine = await ownEngine();
  const before = engine.info.memory.used;
  const files = await miniLM();
  const encoder = await SentenceEncoder.load(files, { engine, packedCopies });
  const lora = targetModules === undefined ? {} : { targetModules };
  const classifier = TextClassifier.create(encoder, { labels: ["even", "odd"], lora });
  const reserved: number[] = [];
  const onProgress = () => void reserved.push(engine.info.memory.reserved);
  const report = await classifier.fit(examples, { steps: 3, batchSize: 32, checkpointing, onProgress });
  expect(new Set(reserved).size).toBe(1); // all memory was there by the end of the first step
  const used = engine.info.memory.used - before;
  const logits = await classifier.logits(examples.slice(0, 4).map(({ text }) => text));
  encoder.dispose();
  const config = JSON.parse(new TextDecoder().decode(files["config.json"])) as Record<string, unknown>;
  const estimate = await estimateMemory(config, { tokens: report.steps[0]!.tokens, packedCopies, checkpointing, lora });
  return { used, estimate, losses: report.steps.map(({ loss }) => loss), logits };
}

it(
  "training takes what estimateMemory foretells, and less with one packed copy, to the same result",
  { timeout: 120_000 },
  async () => {
    const [two, one] = [await measure(2), await measure(1)];
    for (const { used, estimate } of [two, one]) {
      expect(used / estimate.total).toBeGreaterThan(0.9);
      expect(used / estimate.total).toBeLessThan(1.1);
    }
    const linear = two.estimate.packed;
    expect(two.used - one.used).toBeGreaterThan(0.9 * linear);
    one.losses.forEach((loss, i) => expect(Math.abs(loss - two.losses[i]!)).toBeLessThan(1e-5));
  },
);

it(
  "so it does with layers that are computed again, and with an adapter on all linear layers",
  { timeout: 120_000 },
  async () => {
    const [plain, again, all] = [await measure(1), await measure(1, true), await measure(1, false, "all-linear")];
    for (const { used, estimate } of [again, all]) {
      expect(used / estimate.total).toBeGreaterThan(0.9);
      expect(used / estimate.total).toBeLessThan(1.1);
    }
    expect(again.estimate.step).toBeLessThan(0.4 * plain.estimate.step);
    expect(plain.used - again.used).toBeGreaterThan(0.9 * (plain.estimate.step - again.estimate.step));
    expect(again.losses).toEqual(plain.losses);
    expect(again.logits).toEqual(plain.logits);
  },
);

/** Bytes in use while an adapter of such options is trained, the optimizer's among them, and what was foretold. */
async function measureAdapter(options: LoraOptions) {
  await using engine = await ownEngine();
  const before = engine.info.memory.used;
  const files = await miniLM();
  using encoder = await SentenceEncoder.load(files, { engine, packedCopies: 1 });
  const lora = { targetModules: ["query"], rank: 2, ...options };
  const classifier = TextClassifier.create(encoder, { labels: ["even", "odd"], lora });
  let used = 0;
  const onProgress = () => void (used = engine.info.memory.used - before);
  const report = await classifier.fit(examples.slice(0, 4), { steps: 1, batchSize: 4, onProgress });
  const config = JSON.parse(new TextDecoder().decode(files["config.json"])) as Record<string, unknown>;
  const { adapter, total } = await estimateMemory(config, { tokens: report.steps[0]!.tokens, packedCopies: 1, lora });
  return { used, adapter, total };
}

it.each<[string, LoraOptions]>([
  ["whole tables and layers", { modulesToSave: ["word_embeddings", "intermediate.dense"] }],
  ["rows of a table", { trainableTokenIndices: Array.from({ length: 8000 }, (_, i) => i) }],
  ["a table by A and B", { targetModules: ["query", "word_embeddings"], rank: 64 }],
  ["all biases", { bias: "all", loraBias: true }],
])("%s take what estimateMemory foretells", { timeout: 120_000 }, async (_name, options) => {
  const [plain, more] = [await measureAdapter({}), await measureAdapter(options)];
  expect(more.adapter).toBeGreaterThan(plain.adapter);
  expect(more.used / more.total).toBeGreaterThan(0.9);
  expect(more.used / more.total).toBeLessThan(1.1);
  // Most of a model is its base: what the options add is held against what they were said to.
  const added = (more.used - plain.used) / (more.total - plain.total);
  expect(added).toBeGreaterThan(0.9);
  expect(added).toBeLessThan(1.1);
});
