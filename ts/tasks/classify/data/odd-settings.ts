import { clip } from "../../../errors/excerpt.js";
import { type ModelSource, readJson } from "../../../io/model-source.js";
import { kindOfHead } from "../../checkpoint.js";
import type { JobWords } from "../../../training/job-events.js";
import type { TrainingSettings } from "../settings.js";

// Settings that are allowed and rarely intended.

/** A warning if two settings both make rare labels count more; otherwise null. */
export function twiceBalancedText(
  { classWeights, sampling, headOnly }: TrainingSettings,
  words: JobWords,
): string | null {
  if (classWeights === null || sampling === null || headOnly) return null;
  return (
    `${words.setting("classWeights")} and ${words.setting("sampling")} both make rare labels count more, so together they count twice: ` +
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
