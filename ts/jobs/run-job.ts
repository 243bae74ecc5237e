import type { AnyJobSpec, JobSettings } from "../tasks/index.js";
import { tasks } from "../tasks/index.js";
import type { JobResult } from "../tasks/classify/report.js";
import type { JobSpec } from "../tasks/classify/settings.js";
import type { LanguageJobResult } from "../tasks/language/language-report.js";
import type { LanguageJobSpec } from "../tasks/language/settings.js";
import type { TokenJobSpec } from "../tasks/tokens/run/settings.js";
import type { TokenJobResult } from "../tasks/tokens/run/token-report.js";
import type * as events from "../training/job-events.js";
import { type JobOptions as TaskOptions, runTask } from "../training/run-job.js";
import type { RunStore } from "../training/store/run-store.js";

/** What a job tells while it runs. */
export type JobEvent = events.JobEvent<JobSettings>;

/** Takes a job's events. */
export type JobListener = (event: JobEvent) => void;

/** What a job is about to do, once everything is loaded and checked. */
export type ReadyJob<S = JobSettings> = events.ReadyJob<S>;

/** How a job is run. */
export interface JobOptions extends Omit<TaskOptions, "onProgress"> {
  /** Takes what the job tells while it runs. What it throws ends the job. */
  readonly onProgress?: JobListener;
}

/** What any finished run gives. */
export type AnyJobResult = JobResult | TokenJobResult | LanguageJobResult;

/**
 * Trains an adapter and a classification head on labelled texts: checks, loads, measures a baseline, trains with a checkpoint
 * every 25 steps, tests, and leaves adapter, head, report and loss curve in the store. With `task` "tokens" in the spec it learns labels of
 * words, measured by entity F1; with "text" or "chat" it trains an adapter of a language model on texts or conversations, watched by the perplexity of what is held out. Where the store holds a checkpoint, an
 * interrupted run goes on from it, to the same bits as without the interruption.
 *
 * @param spec what the run depends on, as plain data
 * @param store where everything goes: `folderStore(path)` in Node, `memoryStore()`
 *
 * From its first moment the store holds run.json, the spec and where the run stands (`runStatus`). What is refused leaves the
 * store as it was: `ConfigError` for a spec, store or options that make no sense, where another job has the
 * store, where it holds a finished run, folds of `runFolds`, files that a run would replace or a run that began with another spec, and where files
 * have changed since; `FormatError` where its checkpoint is damaged; errors of `SentenceEncoder.load` and of the data. Rejects
 * with `ConfigError` when training diverges and with `AbortError` when cancelled. From the first event of the phase "train" on a run
 * that is cancelled has a checkpoint, before its first step too; one that is cancelled earlier, while its baseline is measured, begins
 * anew when it goes on.
 *
 * @example
 * const { report } = await runJob({ data: "reviews.csv", steps: 200 }, folderStore("runs/reviews"));
 */
export function runJob(spec: LanguageJobSpec, store: RunStore, options?: JobOptions): Promise<LanguageJobResult>;
export function runJob(spec: TokenJobSpec, store: RunStore, options?: JobOptions): Promise<TokenJobResult>;
export function runJob(spec: JobSpec, store: RunStore, options?: JobOptions): Promise<JobResult>;
export function runJob(spec: AnyJobSpec, store: RunStore, options?: JobOptions): Promise<AnyJobResult>;
export async function runJob(spec: AnyJobSpec, store: RunStore, options: JobOptions = {}): Promise<object> {
  return runTask(tasks, spec, store, options as TaskOptions);
}
