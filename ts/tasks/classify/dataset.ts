import { ConfigError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import { foldExamples, type LocatedExample } from "../../io/examples/index.js";
import { type TakenSplit, unitsOf } from "../../io/examples/parts/assign.js";
import { inFolds } from "../../io/examples/parts/split.js";
import { plainText } from "../../io/examples/row.js";
import type { DataSummary } from "../../io/examples/summary/data-summary.js";
import { measureTokens, summaryOf, surveyTexts } from "../../io/examples/summary/measure.js";
import type { TokenCounter } from "../../io/examples/summary/script-tokens.js";
import type { Parts, Survey } from "../../io/examples/summary/survey.js";
import type { DataReader, Fold, TaskData } from "../../training/data-parts.js";
import type { JobListener } from "../../training/job-events.js";
import { hear } from "../../training/loading.js";
import type { OptionNames } from "../../training/spec/option-names.js";
import type { TokenizedExample } from "../head/classifier-training.js";
import { allowable, type TrainingSettings } from "./settings.js";
import { groupsOf, holdOut, holdToChoose, nearExamples, nearNumbers } from "./held-out.js";
import {
  checkClassWeights,
  checkLabelNames,
  checkLabels,
  type DataAccess,
  type Labelled,
  readLabelled,
  withoutMeasured,
} from "./read-labelled.js";

export type { DataAccess, Labelled } from "./read-labelled.js";

/** The examples of a run: training, validation, test. */
export type Dataset = TaskData<LocatedExample, Labelled>;

/**
 * Reads labelled texts and splits them, each label in the same proportion. With `dropDuplicates`, texts of the validation or test file are
 * removed from the training data, and texts of the test file from the validation.
 */
export function labelledReader(settings: TrainingSettings, access: DataAccess): DataReader<LocatedExample, Labelled> {
  return {
    async read(path, all, drawn) {
      if (all !== null) return readLabelled(path, settings, access, all.labels);
      const read = await readLabelled(path, settings, access);
      checkLabelNames(read, settings, access.optionNames);
      if (access.isPart !== true) {
        checkLabels(read, settings, access.optionNames);
        checkClassWeights(read, settings, access.optionNames);
      }
      if (!drawn || settings.nearDuplicates !== "together") return read;
      return { ...read, near: await nearExamples(read.examples, access.signal) };
    },
    hold: (all, part, seed) => holdOut(all, part, settings, seed, access),
    holdToChoose: (all, seed) => holdToChoose(all, settings, seed, access),
    folds: (all, count) => foldsOf(all, settings, count, access),
    ...(settings.dropDuplicates && {
      without: (some, measured, purpose) => withoutMeasured(some, measured, access, purpose),
    }),
  };
}

/** What the check of the data needs. */
export interface DataCheck {
  readonly allow: readonly string[];
  readonly emit: JobListener;
  readonly optionNames: OptionNames;
  readonly signal: AbortSignal | undefined;
}

const partsOf = ({ train, validation, test }: Dataset): Parts => [
  ["train", train.examples],
  ...(validation.examples.length === 0 ? [] : [["validation", validation.examples] as const]),
  ...(test === null ? [] : [["test", test.examples] as const]),
];

/**
 * Checks the texts before the model is loaded, which may need a download. Throws `ConfigError` if they make the result meaningless, unless
 * `allow` names the finding.
 */
export async function surveyDataset(dataset: Dataset, check: DataCheck): Promise<Survey> {
  const parts = partsOf(dataset);
  const surveyed = await surveyTexts(parts, check.signal);
  refuse(summaryOf(parts, surveyed, [], dataset.train.columns), check);
  return surveyed;
}

/**
 * The summary with lengths in tokens; its new findings are reported as warnings. Throws as `surveyDataset`.
 * @param onProgress called with the number of texts done
 */
export async function describeDataset(
  dataset: Dataset,
  surveyed: Survey,
  tokenizer: TokenCounter,
  check: DataCheck,
  onProgress: (done: number) => void,
): Promise<DataSummary> {
  const parts = partsOf(dataset);
  const { signal, emit } = check;
  // Two passes are counted; the first was without a tokenizer.
  const before = parts.reduce((sum, [, { length }]) => sum + length, 0);
  const lengths = await measureTokens(parts, tokenizer, undefined, signal, (done) => onProgress(done - before));
  const summary = summaryOf(parts, surveyed, lengths, dataset.train.columns);
  refuse(summary, check);
  emit({ type: "data", summary });
  return summary;
}

function refuse(summary: DataSummary, { allow, emit, optionNames }: DataCheck): void {
  const stops = summary.findings.filter(({ severity, code }) => severity === "stop" && !allow.includes(code));
  if (stops.length === 0) return;
  emit({ type: "data", summary });
  const codes = stops.map(({ code }) => code);
  const insist = codes.every((code) => allowable.includes(code))
    ? ` (to train all the same: ${optionNames.setting("allow")} ${codes.join(",")})`
    : "";
  throw new ConfigError(`${stops.map(({ message }) => message).join("; ")}${insist}`, { findings: codes });
}

/** A labelled text as tokens. */
export interface TokenizedText extends TokenizedExample {
  readonly example: LocatedExample;
}

/** The most labels that a message names. */
const NAMED = 3;

type LabelledFold = Fold<LocatedExample>;

/** How many draws of folds are tried with near duplicates together, and how much larger than another a fold may then be. */
const [ROUNDS, FACTOR] = [2, 2];

/** Labels that a fold would be tested on without a training example. */
function missingIn(fold: LabelledFold, labels: readonly string[]): string[] {
  const trained = new Set(fold.train.map(({ label }) => label));
  return labels.filter((label) => !trained.has(label));
}

/** Folds with near duplicates together; null if a fold would then have no training example of a label. */
async function foldsTogether(
  { examples, near, labels }: Labelled,
  count: number,
  taken: TakenSplit,
  signal: AbortSignal | undefined,
): Promise<LabelledFold[] | null> {
  let numbers = nearNumbers(examples, near);
  for (let round = 0; numbers !== null && round < ROUNDS; round++) {
    await hear(signal);
    if (new Set(unitsOf(examples, taken.groups, numbers)).size < count) return null;
    const folds = inFolds(examples, count, taken, numbers);
    const missing = new Set(folds.flatMap((fold) => missingIn(fold, labels)));
    const sizes = folds.map(({ validation }) => validation.length);
    if (missing.size === 0) return Math.max(...sizes) <= FACTOR * Math.min(...sizes) ? folds : null;
    numbers = numbers.map((number, i) => (missing.has(examples[i]!.label) ? undefined : number));
  }
  return null;
}

/**
 * @internal The examples in `count` folds, near duplicates in one fold if possible. Rejects with `AbortError` when cancelled; with `ConfigError` as
 * `foldExamples`, and if a fold would be tested on a label without training examples: its result would not hold for a classifier that is
 * trained on all.
 */
export async function foldsOf(
  all: Labelled,
  settings: TrainingSettings,
  count: number,
  { optionNames, signal }: Pick<DataAccess, "optionNames" | "signal">,
): Promise<LabelledFold[]> {
  const { examples, file, labels } = all;
  const groups = groupsOf(examples, settings);
  const { seed } = settings;
  const together = await foldsTogether(all, count, { seed, groups }, signal);
  await hear(signal);
  const folds = together ?? foldExamples(examples, count, { seed, ...(groups && { groups }) });
  for (const [i, fold] of folds.entries()) {
    const missing = missingIn(fold, labels);
    if (missing.length === 0) continue;
    const shown = missing.slice(0, NAMED).map((label) => excerpt(label, 60));
    const more = missing.length > NAMED ? ` and ${missing.length - NAMED} more labels` : "";
    const own = examples.filter(({ label }) => label === missing[0]);
    const texts = new Set(own.map(({ text }) => plainText(text))).size;
    const [howMany, has] = own.length === 1 ? ["the only example", "is"] : [`all ${own.length} examples`, "are"];
    const why = groups !== null ? "groups stay whole" : "equal texts stay together";
    const because = own.length === 1 ? "" : `, of ${texts} different ${texts === 1 ? "text" : "texts"}: ${why}`;
    const needed = groups !== null ? "in two groups or more" : "with two different texts or more";
    throw new ConfigError(
      `${file}: fold ${i + 1} of ${count} would be tested on ${shown.join(", ")}${more} without a training example: ${howMany} of ${shown[0]} ` +
        `${has} in that fold${because}. Add examples of each label ${needed}, remove labels that have too few, or use a test file ` +
        `(${optionNames.setting("test")}) instead of folds`,
      { file, fold: i + 1, folds: count, labels: missing },
    );
  }
  return folds;
}
