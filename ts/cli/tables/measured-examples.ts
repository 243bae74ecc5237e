import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigError, FormatError } from "../../errors/errors.js";
import { isJsonObject, parseJsonObject } from "../../io/json.js";
import { type TaskName, tasks } from "../../tasks/index.js";
import { countIn, loadParts, measuredPart, type TaskData, type TaskFile } from "../../training/data-parts.js";
import { localSources } from "../../training/node/local-sources.js";
import { completed } from "../../training/spec/field.js";
import { checkSettings, takeSpec } from "../../training/spec/read-settings.js";
import type { RunSettings } from "../../training/spec/run-settings.js";
import { runFiles } from "../../training/store/run-store.js";
import type { FileExample, RunContext, TaskEntry } from "../../training/task-definition.js";
import { flagNames } from "../options/setting-flags.js";
import type { Session } from "../session.js";
import { formatCount, formatPercent } from "../terminal/number-format.js";

/** The examples to measure a run's model on. */
interface MeasuredExamples extends Pick<TaskFile<FileExample>, "file" | "examples"> {
  /** Further examples of the same data, for tasks that search among all of them. */
  readonly others: readonly FileExample[];
}

/** What a run's report says of its data. */
export interface ReportedRun {
  readonly settings: RunSettings;
  /** Hash of the file it was trained on; undefined if the report lacks it. */
  readonly sha256: string | undefined;
  /** Classes; empty if it has none. */
  readonly labels: readonly string[];
  /** Whether the saved model was trained on the validation too. */
  readonly finalFit: boolean;
}

/** What a file is read with: the session, and where warnings go. */
interface Reading {
  readonly task: TaskName;
  readonly session: Session;
  readonly onWarning: (message: string) => void;
}

/** Null if there is no report. */
export function reportedRun(run: string, task: TaskName): ReportedRun | null {
  const path = join(run, runFiles.report);
  if (!existsSync(path)) return null;
  const fail = (problem: string, cause?: unknown) => new FormatError(`${path}: ${problem}`, { file: path }, { cause });
  const { settings, data, finalFit } = parseJsonObject(readFileSync(path), fail);
  const { train, labels } = isJsonObject(data) ? data : {};
  const sha256 = isJsonObject(train) ? train["sha256"] : undefined;
  const { fields }: TaskEntry = tasks[task];
  try {
    checkSettings("report", settings, fields);
  } catch (cause) {
    throw fail((cause as Error).message, cause);
  }
  return {
    settings: completed(settings, fields) as unknown as RunSettings,
    sha256: typeof sha256 === "string" ? sha256 : undefined,
    labels: Array.isArray(labels) ? labels.filter((label) => typeof label === "string") : [],
    finalFit: finalFit !== undefined,
  };
}

/** A file of examples, and how to read it. */
interface NamedData {
  readonly data: string;
  /** Settings for it other than the run's. */
  readonly columns: object;
  /** Names of the model's classes; empty if it has none. */
  readonly labels: readonly string[];
}

/** The examples of a file. Warns if the run was trained on some. */
export async function namedExamples(
  { data, columns, labels }: NamedData,
  known: ReportedRun | null,
  reading: Reading,
): Promise<MeasuredExamples> {
  const { task, onWarning } = reading;
  const settings = known?.settings ?? takeSpec("evaluate", { task, data }, tasks);
  // These prepare and split texts to train on.
  const own = changed(settings, { mineNegatives: null, group: null, dropDuplicates: false });
  const reader = await readerOf({ ...own, ...columns }, reading);
  const part = await reader.read(data, likeOf(labels), false);
  const trained = known && (await unchangedExamples(known, reading));
  if (trained !== null) warnOfOverlap(part, trained, onWarning);
  else if (part.sha256 === known?.sha256) onWarning(`${part.file} is the run's training data, ${VAIN}`);
  return { ...part, others: [] };
}

/**
 * The examples that a run was tested on. Throws `ConfigError` if they cannot be drawn again.
 * @param labels as in `NamedData`
 */
export async function testedExamples(
  labels: readonly string[],
  known: ReportedRun,
  reading: Reading,
): Promise<MeasuredExamples> {
  const { settings, sha256 } = known;
  const parts = await partsOf(known, reading);
  const { train, validation, test } = parts;
  const part = measuredPart(parts);
  // The test part was drawn from the file at that time; drawn again from a changed file, it would contain training texts.
  if (part.split && sha256 !== undefined && train.sha256 !== sha256)
    throw new ConfigError(
      `${settings.data} has changed since the run, so its test part cannot be drawn again. Name other texts, not used in training, with --data FILE`,
      { file: settings.data, expected: sha256, is: train.sha256 },
    );
  warnOfOverlap(part, trainedOn(known, parts), reading.onWarning);
  // A file of its own has the labels of the training data, which may be others by now.
  const isOther = !part.split && part.labels.join("\n") !== labels.join("\n");
  const reader = isOther && (await readerOf(ownSettings(known), reading));
  const own = reader ? await reader.read((settings.test ?? settings.validation)!, likeOf(labels), false) : part;
  return { ...own, others: [...train.examples, ...(test === null ? [] : validation.examples)] };
}

/** What another file is read like, which may lack some of the labels. */
const likeOf = (labels: readonly string[]) =>
  labels.length === 0 ? null : { file: "", sha256: "", examples: [], labels };

/** Settings with other values for those that their task has. */
const changed = (settings: RunSettings, values: object): RunSettings => ({
  ...settings,
  ...Object.fromEntries(Object.entries(values).filter(([name]) => Object.hasOwn(settings, name))),
});

async function readerOf(settings: RunSettings, { task, session: { signal }, onWarning }: Reading) {
  const { load }: TaskEntry = tasks[task];
  const context: RunContext = {
    sources: { ...localSources, readData: (name) => localSources.readData(name, { signal }) },
    optionNames: flagNames,
    signal,
    emit: (event) => event.type === "warning" && onWarning(event.message),
  };
  return (await load()).reader(settings, context);
}

/** The settings of a run without the negatives that only training looks for. */
const ownSettings = ({ settings }: ReportedRun) => changed(settings, { mineNegatives: null });

/** The data of a run, in parts. */
async function partsOf(known: ReportedRun, reading: Reading): Promise<TaskData<FileExample>> {
  const settings = ownSettings(known);
  const { plan }: TaskEntry = tasks[reading.task];
  return loadParts(await readerOf(settings, reading), settings, plan);
}

/** The examples that a run's saved model was trained on. */
const trainedOn = ({ finalFit }: ReportedRun, { train, validation }: TaskData<FileExample>) =>
  finalFit ? [...train.examples, ...validation.examples] : train.examples;

/** The examples that a run was trained on, if its data have not changed since; null if they have, or are missing. */
async function unchangedExamples(known: ReportedRun, reading: Reading): Promise<readonly FileExample[] | null> {
  const { settings, sha256 } = known;
  if (sha256 === undefined || !existsSync(settings.data)) return null;
  try {
    const parts = await partsOf(known, { ...reading, onWarning: () => {} });
    return parts.train.sha256 === sha256 ? trainedOn(known, parts) : null;
  } catch {
    // The measurement does not need them.
    return null;
  }
}

const VAIN = "so results look better than on new texts; use --data with texts that are not in the training data";

/** Warns of measured texts that are training texts. */
function warnOfOverlap(
  { file, examples }: Pick<MeasuredExamples, "file" | "examples">,
  trained: readonly FileExample[],
  onWarning: Reading["onWarning"],
): void {
  const seen = countIn(examples, trained);
  if (seen === 0) return;
  const share = `${formatCount(seen)} of ${formatCount(examples.length)} texts (${formatPercent(seen / examples.length)})`;
  onWarning(`${file}: the run was trained on ${share}, ${VAIN}`);
}
