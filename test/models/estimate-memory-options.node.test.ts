// @rest wholeModel
import { expect, it } from "vitest";
import { estimateMemory, type LoraOptions } from "../../ts/index.js";
import { batchTexts } from "./golden-encoder.js";
import { measuredNeed } from "./measured-need.js";

const texts = Array.from({ length: 16 }, (_, i) => batchTexts[i % batchTexts.length]!);
const all = { targetModules: "all-linear" };
const options: readonly (readonly [string, LoraOptions, boolean?])[] = [
  ["what a new adapter has", {}],
  ["all linear layers", all],
  ["a high rank", { ...all, rank: 64 }],
  ["a rank by pattern", { ...all, rankPattern: { ".*": 48 } }],
  ["dropout", { ...all, dropout: 0.1 }],
  ["DoRA", { dora: true }],
  ["DoRA on all linear layers", { ...all, dora: true }],
  ["DoRA with dropout", { ...all, dora: true, dropout: 0.1 }],
  ["PiSSA", { ...all, initLoraWeights: "pissa" }],
  ["biases", { ...all, bias: "all", loraBias: true }],
  ["checkpointing", all, true],
  ["checkpointing, DoRA and dropout", { ...all, dora: true, dropout: 0.1 }, true],
];
const encoders = [
  "bert",
  "distilbert",
  "electra",
  "albert",
  "deberta-v2",
  "deberta-v3",
  "deberta-v2-conv",
  "modernbert",
  "nomic-bert",
  "eurobert",
  "qwen3_embedding",
  "embeddinggemma",
];

it.each(encoders)("%s: a step takes what is foretold of every option", { timeout: 120_000 }, async (name) => {
  const ratios: Record<string, [number, number, number]> = {};
  for (const [what, lora, checkpointing = false] of options) {
    const { tape, total, foretold, tokens, config } = await measuredNeed(name, lora, checkpointing, texts);
    const estimate = await estimateMemory(config, { tokens, lora, checkpointing });
    // What `fit` reserves, the same from config.json alone, and with all else.
    ratios[what] = [foretold / tape, estimate.step / tape, estimate.total / total];
  }
  for (const [what, three] of Object.entries(ratios))
    for (const ratio of three) {
      expect(ratio, what).toBeGreaterThan(0.9);
      expect(ratio, what).toBeLessThan(1.15);
    }
});
