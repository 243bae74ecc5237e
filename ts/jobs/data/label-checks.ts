import { ConfigError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import type { JobWords } from "../job-events.js";
import type { TrainingSettings } from "../spec/training-settings.js";
import type { Labelled } from "./read-labelled.js";

/** So many labels may each have too few examples in a small file; a large one where that is so has texts in the column. */
const FEW_LABELS = 20;

/** Throws `ConfigError` for fewer labels than two, and for a column that holds texts. */
export function checkLabels({ file, labels, examples }: Labelled, settings: TrainingSettings, words: JobWords): void {
  const { label: column, allow } = settings;
  if (labels.length < 2) {
    throw new ConfigError(
      `${file}: two labels or more are expected in column ${JSON.stringify(column)}, all texts have ${excerpt(labels[0])}`,
      { labels },
    );
  }
  if (labels.length <= FEW_LABELS || labels.length <= examples.length / 2 || allow.includes("id-labels")) return;
  throw new ConfigError(
    `${file}: column ${JSON.stringify(column)} has ${labels.length} different labels in ${examples.length} examples, which ` +
      `looks like a column of texts (${excerpt(labels[0], 60)}, …): name the labels' column with ${words.setting("label")}`,
    { column, labels: labels.length, examples: examples.length },
  );
}

/** Throws `ConfigError` where a name is given to a label that the data do not have. */
export function checkLabelNames(
  { file, rawLabels }: Labelled,
  { labelNames }: Pick<TrainingSettings, "labelNames">,
  words: JobWords,
): void {
  const strange = Object.keys(labelNames).filter((label) => !rawLabels.includes(label));
  if (strange.length === 0) return;
  throw new ConfigError(
    `${file}: ${words.setting("labelNames")} names ${excerpt(strange)}, which no example has for a label; the labels are ${clip(rawLabels.join(", "))}`,
    { file, option: "labelNames", value: strange, allowed: rawLabels },
  );
}
