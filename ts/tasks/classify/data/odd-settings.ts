import { clip } from "../../../errors/excerpt.js";
import { type ModelSource, readJson } from "../../../io/model-source.js";
import { kindOfHead } from "../../checkpoint.js";
import type { JobWords } from "../../../training/job-events.js";
import type { TrainingSettings } from "../settings.js";

// What a run can be told to do, and is seldom meant.

/** That rare labels count more in two ways at once; null where they do not. */
export function twiceBalancedText(
  { classWeights, sampling, headOnly }: TrainingSettings,
  words: JobWords,
): string | null {
  if (classWeights === null || sampling === null || headOnly) return null;
  return (
    `${words.setting("classWeights")} and ${words.setting("sampling")} both make rare labels count more, and together they do so twice: ` +
    "take one of them"
  );
}

/** That the head of a checkpoint for sequence classification is not what is trained; null for other models. */
export async function ownHeadText(model: ModelSource): Promise<string | null> {
  const config = await readJson(model, "config.json");
  if (config === null || kindOfHead(config) !== "ForSequenceClassification") return null;
  return (
    `${clip(model.name)} is a checkpoint with a head of its own, which is left out: a new one is trained on its vectors ` +
    "(in a program, TextClassifier.open with the option lora trains that head on)"
  );
}
