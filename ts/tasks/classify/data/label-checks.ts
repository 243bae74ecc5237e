import type { OptionNames } from "../../../training/spec/option-names.js";
import { ConfigError } from "../../../errors/errors.js";
import { clip, excerpt } from "../../../errors/excerpt.js";
import type { TrainingSettings } from "../settings.js";
import type { Labelled } from "./read-labelled.js";

/** In a small file so many labels may have few examples each. In a large file this means that the column holds texts. */
const FEW_LABELS = 20;

/** Throws `ConfigError` for fewer than two labels, and for a column of texts. */
export function checkLabels(
  { file, labels, examples }: Labelled,
  settings: TrainingSettings,
  optionNames: OptionNames,
): void {
  const { label: column, allow } = settings;
  if (labels.length < 2) {
    throw new ConfigError(
      `${file}: column ${JSON.stringify(column)} needs two labels or more; all texts have ${excerpt(labels[0])}`,
      { labels },
    );
  }
  if (labels.length <= FEW_LABELS || labels.length <= examples.length / 2 || allow.includes("id-labels")) return;
  throw new ConfigError(
    `${file}: column ${JSON.stringify(column)} has ${labels.length} different labels in ${examples.length} examples, which ` +
      `looks like a column of texts (${excerpt(labels[0], 60)}, …): name the labels' column with ${optionNames.setting("label")}`,
    { column, labels: labels.length, examples: examples.length },
  );
}

/** Throws `ConfigError` if a name is for a label that the data do not have. */
export function checkLabelNames(
  { file, rawLabels }: Labelled,
  { labelNames }: Pick<TrainingSettings, "labelNames">,
  optionNames: OptionNames,
): void {
  checkKnownLabels("labelNames", labelNames, file, rawLabels, optionNames);
}

/** Throws `ConfigError`, before training, if a weight is for a label that does not exist. */
export function checkClassWeights(
  { file, labels }: { readonly file: string; readonly labels: readonly string[] },
  { classWeights }: Pick<TrainingSettings, "classWeights">,
  optionNames: OptionNames,
): void {
  if (classWeights === null || classWeights === "balanced") return;
  checkKnownLabels("classWeights", classWeights, file, labels, optionNames);
}

function checkKnownLabels(
  option: "labelNames" | "classWeights",
  given: Readonly<Record<string, unknown>>,
  file: string,
  labels: readonly string[],
  optionNames: OptionNames,
): void {
  const strange = Object.keys(given).filter((label) => !labels.includes(label));
  if (strange.length === 0) return;
  throw new ConfigError(
    `${file}: ${optionNames.setting(option)} names ${excerpt(strange)}, which is not a label of any example; the labels are ${clip(labels.join(", "))}`,
    { file, option, value: strange, allowed: labels },
  );
}
