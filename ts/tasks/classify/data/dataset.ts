import { ConfigError } from "../../../errors/errors.js";
import type { LocatedExample } from "../../../io/examples/index.js";
import type { DataSummary, Parts, Survey, TokenCounter } from "../../../io/examples/summary/index.js";
import { measureTokens, summaryOf, surveyTexts } from "../../../io/examples/summary/measure.js";
import type { DataReader, TaskData } from "../../../training/data/parts.js";
import type { JobListener } from "../../../training/job-events.js";
import type { OptionNames } from "../../../training/spec/option-names.js";
import type { TokenizedExample } from "../../head/classifier-training.js";
import { foldsOf } from "../folds/folded.js";
import { allowable, type TrainingSettings } from "../settings.js";
import { holdOut, holdToChoose, nearExamples } from "./held-out.js";
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
