import type { OptionNames } from "../../../training/spec/option-names.js";
import { ConfigError } from "../../../errors/errors.js";
import { clip } from "../../../errors/excerpt.js";
import { type ModelSource, readJson } from "../../../io/model-source.js";
import { kindOfHead } from "../../checkpoint.js";
import { recipes } from "../recipes.js";
import type { TrainingSettings } from "../settings.js";

// Settings that are rarely intended: with a warning, or refused.

/** Throws `ConfigError` for a setting of a loss that the recipe "few-shot" does not have. */
export function checkFewShot(settings: TrainingSettings, { setting }: OptionNames): void {
  if (settings.headOnly || !recipes[settings.recipe].pairs) return;
  for (const name of ["headLearningRate", "labelSmoothing", "sampling"] as const) {
    const value = settings[name];
    if (value === null || value === 0) continue;
    const why = {
      headLearningRate: "fits the head to the trained vectors, without steps",
      labelSmoothing: "trains on pairs of texts, whose loss has no labels",
      sampling: "has every label equally often in its batches anyway",
    }[name];
    throw new ConfigError(
      `${setting(name)} ${value} has no effect: the recipe "${settings.recipe}" ${why}; leave ${setting(name)} out, or choose another recipe`,
      { option: name, value, recipe: settings.recipe },
    );
  }
}

/** Throws `ConfigError` if unsure predictions are asked for, and no validation says from which probability on they are right. */
export function checkAbstain({ abstain }: TrainingSettings, validation: number, { setting }: OptionNames): void {
  if (abstain === null || validation > 0) return;
  throw new ConfigError(
    `${setting("abstain")} ${abstain} needs a validation, which says from which probability on so large a share of predictions is right, and ` +
      `none is held out: add examples, set ${setting("validationSplit")} (such as 0.2) and ${setting("evaluateEvery")}, or pass a file with ` +
      setting("validation"),
    { option: "abstain", value: abstain },
  );
}

/** A warning if two settings both make rare labels count more; otherwise null. */
export function twiceBalancedText(
  { classWeights, sampling, headOnly }: TrainingSettings,
  optionNames: OptionNames,
): string | null {
  if (classWeights === null || sampling === null || headOnly) return null;
  return (
    `${optionNames.setting("classWeights")} and ${optionNames.setting("sampling")} both make rare labels count more, so together they count twice: ` +
    "use one of them"
  );
}

/** A warning that the head of a checkpoint for sequence classification is not used; null for other models. */
export async function ownHeadText(model: ModelSource): Promise<string | null> {
  const config = await readJson(model, "config.json");
  if (config === null || kindOfHead(config) !== "ForSequenceClassification") return null;
  return (
    `${clip(model.name)} is a checkpoint with a classification head. The run ignores it and trains a new head on the encoder's vectors ` +
    "(to continue training that head, call TextClassifier.open with the option lora)"
  );
}
