import { type AnyJobSpec, type JobSettings, tasks } from "../tasks/index.js";
import type { FoldsReport } from "../tasks/classify/folds/classifier-folds.js";
import type { JobSpec } from "../tasks/classify/settings.js";
import type { LanguageJobSpec } from "../tasks/language/settings.js";
import type { TokenJobSpec } from "../tasks/tokens/run/settings.js";
import { readFoldsReport, type TaskFoldsReport } from "../training/folds/folds-report.js";
import { type FoldsSoFar as SoFar, readFoldsSoFar } from "../training/folds/folds-so-far.js";
import { runTaskFolds } from "../training/folds/run-folds.js";
import type { JobOptions as TaskOptions } from "../training/run-job.js";
import type { RunStore } from "../training/store/run-store.js";
import type { JobOptions } from "./run-job.js";

/** What cross-validation of any task found: folds.json. */
export type AnyFoldsReport = FoldsReport | TaskFoldsReport<JobSettings>;

/** The folds that are done, while others are not: folds.partial.json. */
export interface FoldsSoFar extends SoFar {
  readonly settings: JobSettings;
}

/**
 * Cross-validation: parts `data` into folds, each label spread evenly over them, trains on all but one, measures on that one, and so
 * on. It tells how well a model trained like this does on other examples, and how much that varies; it keeps no model. The
 * base is loaded once and each fold's adapter is removed, so memory does not grow with folds. Where the loss on a validation
 * chooses the step, `validationSplit` of each training part is held out for that. The report goes to the store as folds.json; until
 * then, and where it is cancelled or fails, the folds that are done stand in folds.partial.json. The next call goes on from those, to
 * the same result as without the interruption.
 *
 * @param folds from 2 to as many as there are examples
 * Throws as `runJob`; `ConfigError` too where the spec names validation or test data, since the folds are those, where a fold would be
 * tested on a label that it learns nothing of, and where the store has folds of another spec, of other files, or another build or
 * number of threads, or anything of a run; `FormatError` where folds.partial.json was changed.
 *
 * @example
 * const { accuracy } = await runFolds({ data: "reviews.csv" }, 5, folderStore("runs/folds")); // { mean: 0.91, deviation: 0.02 }
 */
export function runFolds(
  spec: LanguageJobSpec | TokenJobSpec,
  folds: number,
  store: RunStore,
  options?: JobOptions,
): Promise<TaskFoldsReport<JobSettings>>;
export function runFolds(spec: JobSpec, folds: number, store: RunStore, options?: JobOptions): Promise<FoldsReport>;
export function runFolds(
  spec: AnyJobSpec,
  folds: number,
  store: RunStore,
  options?: JobOptions,
): Promise<AnyFoldsReport>;
export async function runFolds(
  spec: AnyJobSpec,
  folds: number,
  store: RunStore,
  options: JobOptions = {},
): Promise<AnyFoldsReport> {
  return (await runTaskFolds(tasks, spec, folds, store, options as TaskOptions)) as AnyFoldsReport;
}

/** The folds that a store has so far; null where it has none. Throws `FormatError` where they are not what was written. */
export const readFolds = async (store: RunStore): Promise<FoldsSoFar | null> =>
  (await readFoldsSoFar(store, tasks)) as FoldsSoFar | null;

/** folds.json's contents. Throws `FormatError`, naming file and field, for what `runFolds` does not write. */
export const takeFoldsReport = (bytes: Uint8Array, path: string): AnyFoldsReport =>
  readFoldsReport(bytes, path, tasks) as AnyFoldsReport;
