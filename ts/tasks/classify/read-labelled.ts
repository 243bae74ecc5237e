import { ConfigError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import {
  type ExampleColumns,
  exampleFormat,
  type LocatedExample,
  placeIn,
  readExamples,
} from "../../io/examples/index.js";
import { plainText } from "../../io/examples/row.js";
import type { TaskFile } from "../../training/data-parts.js";
import type { JobSources } from "../../training/sources/job-sources.js";
import { sha256 } from "../../io/sha256.js";
import type { OptionNames } from "../../training/spec/option-names.js";
import { checkColumnsDiffer, withoutEmptyRows } from "../table-rows.js";
import type { TrainingSettings } from "./settings.js";

/** Examples of a file. */
export interface Labelled extends TaskFile<LocatedExample> {
  /** Columns of the file and the lines of its examples. */
  readonly columns: ExampleColumns;
  /** Labels as the file writes them. */
  readonly rawLabels: readonly string[];
  /** A number for each example, equal for near duplicates, which stay together; null if there are none or they may be apart. */
  readonly near: ReadonlyMap<LocatedExample, number> | null;
}

/** How to read a file of examples. */
export type ReadOptions = Pick<TrainingSettings, "text" | "label" | "labelNames"> &
  Partial<Pick<TrainingSettings, "allow" | "group" | "dropDuplicates">>;

/** Where files come from, and where warnings go. */
export interface DataAccess {
  readonly sources: Pick<JobSources, "readData">;
  readonly onWarning: (message: string) => void;
  readonly optionNames: OptionNames;
  readonly signal?: AbortSignal | undefined;
  /** Whether the run is part of another one; see `RunContext`. */
  readonly isPart?: boolean;
}

/**
 * Reads labelled texts. Removes examples with an empty text or label if `allow` says so, and duplicates with `dropDuplicates`. Throws as
 * `readExamples` and `sources`.
 */
export async function readLabelled(
  path: string,
  { text, label, labelNames, allow = [], group = null, dropDuplicates = false }: ReadOptions,
  { sources, onWarning, optionNames }: DataAccess,
  known?: readonly string[],
): Promise<Labelled> {
  checkColumnsDiffer({ text, label, group }, optionNames);
  const { name: file, bytes } = await sources.readData(path);
  const format = exampleFormat(path);
  const asked = { text, label, ...(group !== null && { group }) };
  const read = await withoutEmptyRows(file, allow, { onWarning, optionNames }, (empty) =>
    readExamples(bytes, { format, ...asked, file, onWarning, ...empty }),
  );
  const name = (raw: string) => (Object.hasOwn(labelNames, raw) ? labelNames[raw]! : raw);
  const named = read.examples.map((example) => ({ ...example, label: name(example.label) }));
  const labels = known ?? [...new Set(read.labels.map(name))];
  checkKnown(file, named, labels);
  const examples = dropDuplicates ? withoutRepeats(named) : named;
  const repeats = named.length - examples.length;
  if (repeats > 0)
    onWarning(
      `${file}: ${repeats === 1 ? "a text that repeats an earlier one is" : `${repeats} texts that repeat earlier ones are`} removed`,
    );
  const { columns, labels: rawLabels } = read;
  return { file, sha256: await sha256(bytes), examples, labels, columns, rawLabels, near: null };
}

/** The first of each text with its label. The same text with different labels stays: only the user knows which label is right. */
function withoutRepeats(examples: readonly LocatedExample[]): LocatedExample[] {
  const met = new Set<string>();
  return examples.filter(({ text, label }) => {
    const key = JSON.stringify([plainText(text), label]);
    return !met.has(key) && met.add(key);
  });
}

/**
 * The examples whose text is not also in the measured part, with any label. Throws `ConfigError` if none is left.
 * @param purpose their use, for messages
 */
export function withoutMeasured(
  some: Labelled,
  measured: Labelled,
  { onWarning, optionNames }: Pick<DataAccess, "onWarning" | "optionNames">,
  purpose: "train on" | "choose the step with" = "train on",
): Labelled {
  const met = new Set(measured.examples.map(({ text }) => plainText(text)));
  const examples = some.examples.filter(({ text }) => !met.has(plainText(text)));
  const left = some.examples.length - examples.length;
  if (left === 0) return some;
  if (examples.length === 0)
    throw new ConfigError(
      `${some.file}: all ${left} texts are also in ${measured.file}, so ${optionNames.setting("dropDuplicates")} leaves no examples ` +
        `to ${purpose}. Name files with other texts, or omit ${optionNames.setting(purpose === "train on" ? "test" : "validation")} to hold out a ` +
        `part of the data`,
      { file: some.file, measured: measured.file, examples: left },
    );
  const texts = left === 1 ? "a text that is also" : `${left} texts that are also`;
  const from = purpose === "train on" ? "the training data" : "the validation data";
  onWarning(`${some.file}: ${texts} in ${measured.file} ${left === 1 ? "is" : "are"} removed from ${from}`);
  return { ...some, examples };
}

/** Throws `ConfigError`, with the place in the file, for an unknown label. */
function checkKnown(file: string, examples: readonly LocatedExample[], labels: readonly string[]): void {
  const among = new Set(labels);
  const strange = examples.filter(({ label }) => !among.has(label));
  const [first] = strange;
  if (first === undefined) return;
  const more = strange.length === 1 ? "" : ` (${strange.length} examples have such labels)`;
  throw new ConfigError(
    `${file}, ${placeIn(file, first.line)}: label ${excerpt(first.label)} is unknown; the labels are ${clip(labels.join(", "))}${more}`,
    { file, line: first.line, label: first.label },
  );
}

/** Number of labels that in a small file may have few examples each. In a large file this means that the column holds texts. */
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
