import { finite, nonNegative, oneOf, text, unexpected, whole } from "../../arguments/settings.js";
import { ConfigError, FormatError } from "../../errors/errors.js";
import { parseJsonObject } from "../../io/json.js";
import { sha256 } from "../../io/sha256.js";
import { reportProgram } from "../report.js";
import { checkTaskSettings } from "../spec/read-settings.js";
import { type RunSettings, taskOf } from "../spec/run-settings.js";
import { checkHash, objectAt } from "../store/run-state.js";
import { runFiles, type RunStore } from "../store/run-store.js";
import type { TaskTable } from "../task-definition.js";
import {
  type DoneFold,
  type FoldKind,
  foldKindOf,
  type FoldResult,
  type FoldSpread,
  spreadOf,
  takeFold,
} from "./fold-kind.js";

const what = "folds";

const SO_FAR_FORMAT = "lowrank-folds-3";

/** The result of cross-validation of any task: folds.json. */
export interface TaskFoldsReport<S = RunSettings, F extends FoldResult = FoldResult> {
  /** Version of this package. */
  readonly lowrank: string;
  /** When the last fold was done, ISO 8601. */
  readonly created: string;
  /** The task. Files of earlier versions lack it. */
  readonly task: string;
  /** The whole spec. */
  readonly settings: S;
  /** Labels in the order of the classes; empty for tasks without classes. */
  readonly labels: readonly string[];
  /** The folds, in order. */
  readonly folds: readonly F[];
  /** The task's metrics over the folds. Files of earlier versions lack them. */
  readonly metrics: Readonly<Record<string, FoldSpread>>;
}

/** The report of all folds. @param more the task's own fields */
export function foldsReport(
  kind: FoldKind<never>,
  settings: RunSettings,
  labels: readonly string[],
  done: readonly DoneFold[],
  more: object,
): TaskFoldsReport {
  const folds = done.map(({ result }) => result);
  return {
    ...reportProgram(),
    task: taskOf(settings),
    settings,
    labels,
    folds,
    metrics: spreadsOf(kind, folds),
    ...more,
  };
}

/** Mean and deviation of each metric. */
export function spreadsOf(kind: FoldKind<never>, folds: readonly FoldResult[]): Record<string, FoldSpread> {
  const all = folds.map((fold) => kind.metrics(fold));
  return Object.fromEntries(Object.keys(all[0]!).map((name) => [name, spreadOf(all.map((one) => one[name]!))]));
}

/** The contents of folds.json. Throws `FormatError`, naming file and field, for anything that `runFolds` does not write. */
export function readFoldsReport(bytes: Uint8Array, path: string, tasks: TaskTable): TaskFoldsReport {
  const fail = (problem: string, cause?: unknown) => new FormatError(`${path}: ${problem}`, { file: path }, { cause });
  const report = parseJsonObject(bytes, fail);
  try {
    const { settings, labels, folds, metrics } = report;
    text(what, "lowrank", report["lowrank"]);
    text(what, "created", report["created"]);
    checkTaskSettings(what, settings, tasks);
    const task = taskOf(settings);
    const kind = foldKindOf(tasks[task]!);
    if (!Array.isArray(labels) || !labels.every((label) => typeof label === "string"))
      throw unexpected(what, "labels", "a list of two labels or more", labels);
    if (!Array.isArray(folds) || folds.length < 2)
      throw unexpected(what, "folds", "a list of two folds or more", folds);
    const done = (folds as unknown[]).map((fold, i) => takeFold(kind, `folds[${i}]`, fold, undefined).result);
    if (metrics !== undefined)
      for (const [name, spread] of Object.entries(objectAt(what, "metrics", metrics)))
        checkSpread(what, `metrics.${name}`, spread);
    kind.checkReport?.(report);
    // Files of earlier versions are of text classifiers and lack these.
    return { task, metrics: spreadsOf(kind, done), ...report } as unknown as TaskFoldsReport;
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    throw fail(cause.message, cause);
  }
}

/** Throws `ConfigError`, naming the field, unless a value from a file is mean and deviation. */
export function checkSpread(
  what: string,
  place: string,
  value: unknown,
  check: (what: string, name: string, value: unknown) => unknown = finite,
): void {
  const { mean, deviation } = objectAt(what, place, value);
  check(what, `${place}.mean`, mean);
  nonNegative(what, `${place}.deviation`, deviation);
}

/** Files and engine of the completed folds; the others must have the same. */
export interface FoldsOrigin {
  readonly settings: RunSettings;
  /** Folds in all. */
  readonly count: number;
  /** SHA-256 of the model and of the file of examples. */
  readonly modelHash: string;
  readonly dataHash: string;
  readonly build: string;
  readonly threads: number;
}

/** folds.partial.json: the progress of cross-validation. */
export interface FoldsSoFar extends FoldsOrigin {
  readonly done: readonly DoneFold[];
}

/** Writes the completed folds over the previous file. */
export async function writeFolds(store: RunStore, { done, ...origin }: FoldsSoFar): Promise<void> {
  const folds = done.map(({ result }) => result);
  const predictions = done.map(({ kept }) => kept);
  const said = { format: SO_FAR_FORMAT, ...reportProgram(), ...origin, folds };
  const sha256 = await checksumOf({ ...said, predictions });
  const head = JSON.stringify({ sha256, ...said }, null, 2).slice(0, -2);
  // One line per fold: with one line per example the rest would be hard to find.
  const lines = predictions.map((one) => `    ${JSON.stringify(one)}`);
  const text = `${head},\n  "predictions": [\n${lines.join(",\n")}\n  ]\n}\n`;
  await store.write({ [runFiles.foldsSoFar]: new TextEncoder().encode(text) });
}

/**
 * SHA-256 of the file's other contents, as JSON without spaces. It detects a changed number, such as a loss, which no other check could.
 * @internal exported for its tests
 */
export function checksumOf({ sha256: _, ...contents }: Readonly<Record<string, unknown>>): Promise<string> {
  return sha256(new TextEncoder().encode(JSON.stringify(contents)));
}

/** The completed folds in a store; null for none. Throws `FormatError` if the file was changed. */
export async function readFoldsSoFar(store: RunStore, tasks: TaskTable): Promise<FoldsSoFar | null> {
  const bytes = await store.read(runFiles.foldsSoFar);
  if (bytes === null) return null;
  const path = store.place(runFiles.foldsSoFar);
  const fail = (problem: string, cause?: unknown) =>
    new FormatError(`${path}: ${problem}; remove it to start again`, { file: path }, { cause });
  const file = parseJsonObject(bytes, fail);
  try {
    if (file["format"] !== SO_FAR_FORMAT) throw unexpected("folds", "format", `"${SO_FAR_FORMAT}"`, file["format"]);
    if (file["sha256"] !== (await checksumOf(file))) throw fail("its contents do not match its sha256");
    return takeFolds(file, tasks);
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    throw fail(cause.message, cause);
  }
}

function takeFolds(file: Readonly<Record<string, unknown>>, tasks: TaskTable): FoldsSoFar {
  const { settings, modelHash, dataHash, folds, predictions } = file;
  checkTaskSettings("folds", settings, tasks);
  checkHash("folds", "modelHash", modelHash);
  checkHash("folds", "dataHash", dataHash);
  const build = oneOf("folds", "build", file["build"], ["simd", "relaxed"]);
  const threads = whole("folds", "threads", file["threads"], 1);
  const count = whole("folds", "count", file["count"], 2);
  if (!Array.isArray(folds) || folds.length > count)
    throw unexpected("folds", "folds", `a list of at most ${count} folds`, folds);
  if (!Array.isArray(predictions) || predictions.length !== folds.length)
    throw unexpected("folds", "predictions", "a list with one entry per fold", predictions);
  const kind = foldKindOf(tasks[taskOf(settings)]!);
  const done = folds.map((fold, i) => takeFold(kind, `folds[${i}]`, fold, predictions[i]));
  kind.checkTogether?.(done);
  return { settings, count, modelHash, dataHash, build, threads, done };
}
