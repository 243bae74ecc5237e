import { finite, nonNegative, text, unexpected } from "../../arguments/settings.js";
import { ConfigError, FormatError } from "../../errors/errors.js";
import { parseJsonObject } from "../../io/json.js";
import { reportProgram } from "../result/report.js";
import { type RunSettings, taskOf } from "../spec/run-settings.js";
import { checkTaskSettings } from "../spec/read-settings.js";
import { objectAt } from "../store/run-state.js";
import type { TaskTable } from "../task-definition.js";
import { foldKindOf, takeFold } from "./take-fold.js";
import { type DoneFold, type FoldKind, type FoldResult, type FoldSpread, spreadOf } from "./fold-kind.js";

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

/** Mean and deviation of each metric. */
export function spreadsOf(kind: FoldKind<never>, folds: readonly FoldResult[]): Record<string, FoldSpread> {
  const all = folds.map((fold) => kind.metrics(fold));
  return Object.fromEntries(Object.keys(all[0]!).map((name) => [name, spreadOf(all.map((one) => one[name]!))]));
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

const what = "folds";

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
