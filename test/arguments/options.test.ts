import { expect, it } from "vitest";
import { ConfigError } from "../../ts/index.js";
import { checkOptions, likelyName } from "../../ts/arguments/options.js";

const known = ["learningRate", "weightDecay", "eps", "keepDim", "dim"];

it.each([
  ["lr", "learningRate"],
  ["learning_rate", "learningRate"],
  ["learningrate", "learningRate"],
  ["leaningRate", "learningRate"],
  ["epsilon", "eps"],
  ["axis", "dim"],
  ["keepdims", "keepDim"],
  ["weight-decay", "weightDecay"],
  ["wieghtDecay", "weightDecay"],
  ["momentum", undefined],
  ["x", undefined],
  ["", undefined],
  ["constructor", undefined],
  ["__proto__", undefined],
])("%s is likely %s", (name, meant) => {
  expect(likelyName(name, known)).toBe(meant);
});

it.each([
  ["lora_alpha", "alpha"],
  ["use_rslora", "rslora"],
  ["init_lora_weights", "init"],
  ["modules", "targetModules"],
  ["num_warmup_steps", "warmup"],
  ["num_training_steps", "total"],
  ["max_steps", "steps"],
  ["gradient_accumulation_steps", "accumulate"],
  ["gradient_checkpointing", "checkpointing"],
  ["num_train_epochs", "epochs"],
  ["per_device_train_batch_size", "batchSize"],
  ["clip", "maxGradNorm"],
  ["is_causal", "causal"],
  ["attn_mask", "mask"],
  ["padding_idx", "paddingIndex"],
  ["nheads", "heads"],
  ["trans_a", "transposeA"],
])("%s of other libraries is likely %s", (name, meant) => {
  const all = [
    "alpha",
    "rank",
    "rslora",
    "init",
    "targetModules",
    "warmup",
    "total",
    "steps",
    "accumulate",
    "epochs",
    "checkpointing",
  ];
  const more = ["batchSize", "maxGradNorm", "causal", "mask", "paddingIndex", "heads", "transposeA", "transposeB"];
  expect(likelyName(name, [...all, ...more])).toBe(meant);
});

it("names what was likely meant, and what there is", () => {
  expect(() => checkOptions("fit", { lr: 0.1 }, known)).toThrow(
    'fit: there is no option "lr"; did you mean "learningRate"? (there are learningRate, weightDecay, eps, keepDim, dim)',
  );
  expect(() => checkOptions("generate", { maxNewTokens: 5 }, ["seed", "maxTokens"])).toThrow(
    'did you mean "maxTokens"?',
  );
  expect(() => checkOptions("fit", { momentum: 0.1 }, ["lr"])).toThrow(
    'fit: there is no option "momentum" (there are lr)',
  );
});

it("stays short, whatever the name", () => {
  let thrown: unknown;
  try {
    checkOptions("fit", { ["x".repeat(1e6)]: 1 }, known);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(ConfigError);
  expect((thrown as Error).message.length).toBeLessThan(300);
});

it.each([null, undefined, 3, "lr", [], Float32Array.of(1), true, () => 1])("refuses %s for options", (given) => {
  expect(() => checkOptions("fit", given, known)).toThrow(/^fit: options are an object, got/);
});
