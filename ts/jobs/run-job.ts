import { type AnyJobSpec, type JobSettings, tasks } from "../tasks/index.js";
import type { JobResult } from "../tasks/classify/report.js";
import type { JobSpec } from "../tasks/classify/settings.js";
import type { LanguageJobResult, LanguageJobSpec } from "../tasks/language/settings.js";
import type { PairsJobResult, PairsJobSpec } from "../tasks/pairs/settings.js";
import type { RankJobResult, RankJobSpec } from "../tasks/rank/settings.js";
import type { PreferenceJobResult, PreferenceJobSpec } from "../tasks/preferences/settings.js";
import type { MultiLabelJobResult, MultiLabelJobSpec } from "../tasks/multi-label/settings.js";
import type { RegressJobResult, RegressJobSpec } from "../tasks/regress/settings.js";
import type { TokenJobResult, TokenJobSpec } from "../tasks/tokens/settings.js";
import type * as events from "../training/job-events.js";
import { type JobOptions as TaskOptions, runTask } from "../training/run-job.js";
import type { RunStore } from "../training/store/run-store.js";

/** An event of a running job. */
export type JobEvent = events.JobEvent<JobSettings>;

/** Called with a job's events. */
export type JobListener = (event: JobEvent) => void;

/** What a job will do, after everything is loaded and checked. */
export type ReadyJob<S = JobSettings> = events.ReadyJob<S>;

/** Options of a job. */
export interface JobOptions extends Omit<TaskOptions, "onProgress"> {
  /** Called with the job's events. If it throws, the job ends with that error. */
  readonly onProgress?: JobListener;
}

/** The result of a finished run of any task. */
export type AnyJobResult =
  | JobResult
  | MultiLabelJobResult
  | TokenJobResult
  | RegressJobResult
  | PairsJobResult
  | RankJobResult
  | LanguageJobResult
  | PreferenceJobResult;

/**
 * Trains an adapter and a classification head on labelled texts: checks, loads, measures a baseline, trains with a checkpoint every 25
 * steps, tests, and writes adapter, head, report and loss curve to the store. With `task: "tokens"` it trains a token classifier, measured
 * by entity F1; with `multiLabel: true` a classifier with any number of labels a text; with "regress" a model that predicts a number for a text; with "pairs" an adapter for sentence vectors, on pairs of texts; with "rank" a cross-encoder; with "text" or "chat" an adapter of a language model on texts or
 * conversations, measured by held-out perplexity. If the store has a checkpoint, the interrupted run resumes from it, with the same bits as
 * without the interruption.
 *
 * @param spec the settings of the run, as plain data
 * @param store where files are written: `folderStore(path)` in Node, `memoryStore()`
 *
 * From the start the store has run.json: the spec and the run's status (`runStatus`). These errors leave the store unchanged: `ConfigError`
 * for an invalid spec, store or options, if another job has the store, if it has a finished run, folds of `runFolds`, files that a run
 * would replace or a run with another spec, and if files have changed since; `FormatError` for a damaged checkpoint; errors of
 * `SentenceEncoder.load` and of the data. Rejects with `ConfigError` when training diverges and with `AbortError` when cancelled. From the
 * first event of the phase "train" on, a cancelled run has a checkpoint, even before its first step; a run cancelled earlier starts again
 * from the beginning.
 *
 * @example
 * const { report } = await runJob({ data: "reviews.csv", steps: 200 }, folderStore("runs/reviews"));
 */
export function runJob(spec: LanguageJobSpec, store: RunStore, options?: JobOptions): Promise<LanguageJobResult>;
export function runJob(spec: PreferenceJobSpec, store: RunStore, options?: JobOptions): Promise<PreferenceJobResult>;
export function runJob(spec: TokenJobSpec, store: RunStore, options?: JobOptions): Promise<TokenJobResult>;
export function runJob(spec: RegressJobSpec, store: RunStore, options?: JobOptions): Promise<RegressJobResult>;
export function runJob(spec: PairsJobSpec, store: RunStore, options?: JobOptions): Promise<PairsJobResult>;
export function runJob(spec: RankJobSpec, store: RunStore, options?: JobOptions): Promise<RankJobResult>;
export function runJob(spec: MultiLabelJobSpec, store: RunStore, options?: JobOptions): Promise<MultiLabelJobResult>;
export function runJob(spec: JobSpec, store: RunStore, options?: JobOptions): Promise<JobResult>;
export function runJob(spec: AnyJobSpec, store: RunStore, options?: JobOptions): Promise<AnyJobResult>;
export async function runJob(spec: AnyJobSpec, store: RunStore, options: JobOptions = {}): Promise<object> {
  return runTask(tasks, spec, store, options as TaskOptions);
}
