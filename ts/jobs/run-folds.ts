import { type AnyJobSpec, type JobSettings, tasks } from "../tasks/index.js";
import type { FoldsReport } from "../tasks/classify/classifier-folds.js";
import type { JobSpec } from "../tasks/classify/settings.js";
import type { LanguageJobSpec } from "../tasks/language/settings.js";
import type { PreferenceJobSpec } from "../tasks/preferences/settings.js";
import type { TokenJobSpec } from "../tasks/tokens/settings.js";
import {
  readFoldsReport,
  readFoldsSoFar,
  type FoldsSoFar as SoFar,
  type TaskFoldsReport,
} from "../training/folds/fold-files.js";
import { runTaskFolds } from "../training/folds/run-folds.js";
import type { JobOptions as TaskOptions } from "../training/run-job.js";
import type { RunStore } from "../training/store/run-store.js";
import type { JobOptions } from "./run-job.js";

/** The result of cross-validation of any task: folds.json. */
export type AnyFoldsReport = FoldsReport | TaskFoldsReport<JobSettings>;

/** The completed folds of an unfinished cross-validation: folds.partial.json. */
export interface FoldsSoFar extends SoFar {
  readonly settings: JobSettings;
}

/**
 * Cross-validation: splits `data` into folds, each label spread evenly over them; trains on all folds but one and measures on that one, for
 * each fold in turn. The result estimates how well a model trained like this does on other examples, and how much that varies; no model is
 * kept. The base is loaded once and each fold's adapter is removed, so memory does not grow with folds. If the validation loss chooses the
 * step, `validationSplit` of each training part is held out for that. The report goes to the store as folds.json. Until then the completed
 * folds are in folds.partial.json, and the next call continues from them, with the same result as without the interruption.
 *
 * @param folds from 2 to the number of examples
 * Throws as `runJob`. Also `ConfigError` if the spec names validation or test data, since the folds are those; if a fold would be tested on
 * a label without training examples; if the store has files of a run, or folds of another spec, other files, another build or number of
 * threads. `FormatError` if folds.partial.json was changed.
 *
 * @example
 * const { accuracy } = await runFolds({ data: "reviews.csv" }, 5, folderStore("runs/folds")); // { mean: 0.91, deviation: 0.02 }
 */
export function runFolds(
  spec: LanguageJobSpec | PreferenceJobSpec | TokenJobSpec,
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

/** The completed folds in a store; null for none. Throws `FormatError` if the file was changed. */
export const readFolds = async (store: RunStore): Promise<FoldsSoFar | null> =>
  (await readFoldsSoFar(store, tasks)) as FoldsSoFar | null;

/** The contents of folds.json. Throws `FormatError`, naming file and field, for anything that `runFolds` does not write. */
export const takeFoldsReport = (bytes: Uint8Array, path: string): AnyFoldsReport =>
  readFoldsReport(bytes, path, tasks) as AnyFoldsReport;
