import { isJsonObject } from "../../io/json.js";
import { flag, fraction, nonNegative, positive, whole } from "../../arguments/settings.js";
import type { FindingCode } from "../../io/examples/summary/index.js";
import { resolveLoraOptions } from "../../adapters/lora-options.js";
import { allowable } from "../data/data-check.js";
import {
  among,
  type Check,
  checkFields,
  matching,
  moduleNames,
  orMissing,
  orNull,
  text,
  textsByName,
  wholeFrom,
} from "./field-checks.js";
import { takeFurtherLora } from "./further-lora.js";
import {
  builds,
  loraOptions,
  nearPlaces,
  recipeNames,
  schedules,
  type SharedSettings,
  type TrainingSettings,
} from "./training-settings.js";

const isAllowed = (value: unknown) =>
  Array.isArray(value) && value.every((code) => allowable.includes(code as FindingCode));
const isWeight = (value: unknown) => typeof value === "number" && value > 0 && value < Infinity;

function takeLora(what: string, name: string, value: unknown): void {
  takeFurtherLora(what, name, value);
}

/** What each setting can be that runs of every task have. */
export const sharedChecks: Readonly<Record<keyof SharedSettings, Check>> = {
  model: text,
  data: text,
  validation: orNull(text),
  validationSplit: orNull((what, name, value) => fraction(what, name, value)),
  steps: orNull(wholeFrom(1)),
  epochs: orNull(positive),
  batchSize: wholeFrom(1),
  learningRate: positive,
  loraPlusRatio: orNull(positive),
  warmup: orNull(wholeFrom(0)),
  schedule: among(Object.keys(schedules)),
  weightDecay: nonNegative,
  maxGradNorm: orNull(positive),
  evaluateEvery: orNull(wholeFrom(1)),
  patience: orNull(wholeFrom(1)),
  accumulate: wholeFrom(1),
  rank: wholeFrom(1),
  alpha: positive,
  targetModules: orNull(moduleNames),
  rslora: flag,
  dora: flag,
  dropout: (what, name, value) => fraction(what, name, value),
  lora: takeLora,
  seed: wholeFrom(0),
  maxTokens: orNull(wholeFrom(2)),
  build: among(builds),
  threads: (what, name, value) => (value === "auto" ? value : whole(what, name, value, 1)),
};

/** What each setting of a classifier can be. */
export const settingChecks: Readonly<Record<keyof TrainingSettings, Check>> = {
  ...sharedChecks,
  test: orNull(text),
  testSplit: orNull((what, name, value) => fraction(what, name, value)),
  text,
  label: text,
  labelNames: textsByName,
  group: orNull(text),
  nearDuplicates: orMissing(among(nearPlaces)),
  dropDuplicates: flag,
  recipe: among(recipeNames),
  headOnly: flag,
  headLearningRate: orNull(positive),
  classWeights: orNull(
    matching(
      '"balanced" or an object of numbers above 0',
      (value) => value === "balanced" || (isJsonObject(value) && Object.values(value).every(isWeight)),
    ),
  ),
  sampling: orNull(among(["balanced"])),
  checkpointing: flag,
  baseline: flag,
  allow: matching(`a list of ${allowable.map((code) => `"${code}"`).join(", ")}`, isAllowed),
};

/**
 * Throws `ConfigError`, naming the field, unless a value from a file or a caller is a run's settings.
 * @param what begins the message; @param place what the settings are called in it
 */
export function checkSettings(what: string, value: unknown, place = "settings"): asserts value is TrainingSettings {
  checkFields(what, value, place, settingChecks);
  const options = loraOptions(value as unknown as TrainingSettings);
  if (options !== null) resolveLoraOptions(what, options, []);
}
