import { isJsonObject } from "../../io/json.js";
import { flag, fraction, nonNegative, oneOf, positive, whole, unexpected } from "../../arguments/settings.js";
import type { FindingCode } from "../../io/examples/summary/index.js";
import { resolveLoraOptions } from "../../adapters/lora-options.js";
import { allowable } from "../data/data-check.js";
import { takeFurtherLora } from "./further-lora.js";
import { builds, loraOptions, recipeNames, schedules, type TrainingSettings } from "./training-settings.js";

/** Throws `ConfigError` unless `value` is what setting `name` can be; `what` begins the message. */
type Check = (what: string, name: string, value: unknown) => unknown;

const isText = (value: unknown) => typeof value === "string";
const isAllowed = (value: unknown) =>
  Array.isArray(value) && value.every((code) => allowable.includes(code as FindingCode));
const isWeight = (value: unknown) => typeof value === "number" && value > 0 && value < Infinity;
const isTexts = (value: unknown) => Array.isArray(value) && value.every(isText);

const matching =
  (expected: string, test: (value: unknown) => boolean): Check =>
  (what, name, value) => {
    if (!test(value)) throw unexpected(what, name, expected, value);
  };
const text = matching("text", isText);
const wholeFrom =
  (least: number): Check =>
  (what, name, value) =>
    whole(what, name, value, least);
const among =
  (words: readonly string[]): Check =>
  (what, name, value) =>
    oneOf(what, name, value, words);
const orNull =
  (check: Check): Check =>
  (what, name, value) =>
    value === null ? value : check(what, name, value);

function takeLora(what: string, name: string, value: unknown): void {
  takeFurtherLora(what, name, value);
}

/** What each setting can be. */
const checks: Readonly<Record<keyof TrainingSettings, Check>> = {
  model: text,
  data: text,
  validation: orNull(text),
  validationSplit: orNull((what, name, value) => fraction(what, name, value)),
  test: orNull(text),
  testSplit: orNull((what, name, value) => fraction(what, name, value)),
  text,
  label: text,
  labelNames: matching("an object of texts", (value) => isJsonObject(value) && Object.values(value).every(isText)),
  group: orNull(text),
  dropDuplicates: flag,
  recipe: among(recipeNames),
  headOnly: flag,
  steps: orNull(wholeFrom(1)),
  epochs: orNull(positive),
  batchSize: wholeFrom(1),
  learningRate: positive,
  headLearningRate: orNull(positive),
  loraPlusRatio: orNull(positive),
  warmup: orNull(wholeFrom(0)),
  schedule: among(Object.keys(schedules)),
  weightDecay: nonNegative,
  maxGradNorm: orNull(positive),
  evaluateEvery: orNull(wholeFrom(1)),
  patience: orNull(wholeFrom(1)),
  classWeights: orNull(
    matching(
      '"balanced" or an object of numbers above 0',
      (value) => value === "balanced" || (isJsonObject(value) && Object.values(value).every(isWeight)),
    ),
  ),
  sampling: orNull(among(["balanced"])),
  accumulate: wholeFrom(1),
  checkpointing: flag,
  rank: wholeFrom(1),
  alpha: positive,
  targetModules: orNull(matching("text or a list of texts", (value) => isText(value) || isTexts(value))),
  rslora: flag,
  dora: flag,
  dropout: (what, name, value) => fraction(what, name, value),
  lora: takeLora,
  seed: wholeFrom(0),
  maxTokens: orNull(wholeFrom(2)),
  build: among(builds),
  threads: (what, name, value) => (value === "auto" ? value : whole(what, name, value, 1)),
  baseline: flag,
  allow: matching(`a list of ${allowable.map((code) => `"${code}"`).join(", ")}`, isAllowed),
};

/**
 * Throws `ConfigError`, naming the field, unless a value from a file or a caller is a run's settings.
 * @param what begins the message; @param place what the settings are called in it
 */
export function checkSettings(what: string, value: unknown, place = "settings"): asserts value is TrainingSettings {
  if (!isJsonObject(value)) throw unexpected(what, place, "an object", value);
  for (const [name, check] of Object.entries(checks)) check(what, `${place}.${name}`, value[name]);
  const options = loraOptions(value as unknown as TrainingSettings);
  if (options !== null) resolveLoraOptions(what, options, []);
}
