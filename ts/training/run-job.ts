import { checkSignal, throwIfAborted } from "../waiting/abort.js";
import { AbortError, ConfigError } from "../errors/errors.js";
import { clip } from "../errors/excerpt.js";
import { checkOptions } from "../arguments/options.js";
import { callable } from "../arguments/settings.js";
import { type JobListener, type JobWords, plainWords } from "./job-events.js";
import type { JobContext, PreparedJob } from "./job-task.js";
import type { LanguageReport } from "./language/language-report.js";
import type { RunReport } from "./result/run-report.js";
import type { Sample } from "./result/sample-predictions.js";
import { type JobSources, takeSources } from "./sources/job-sources.js";
import { type AnyJobSpec, type JobSettings, takeAnySpec } from "./spec/any-settings.js";
import { asBegun, firstDifference } from "./spec/read-settings.js";
import type { JobSpec } from "./spec/training-settings.js";
import type { LanguageJobSpec } from "./spec/language-settings.js";
import type { TokenJobSpec } from "./spec/token-settings.js";
import type { TokenReport } from "./tokens/token-report.js";
import { readCheckpoint, type Resumed } from "./store/checkpoint-file.js";
import { RecordWriter } from "./store/run-record.js";
import { runStatus } from "./store/run-status.js";
import { runFiles, type RunStore, takeStore } from "./store/run-store.js";
import { jobTaskOf } from "./tasks.js";

/** How a job is run. */
export interface JobOptions {
  /**
   * Cancels within a step, or a batch of texts, and while store or sources are slow: the job then rejects with `AbortError`,
   * its last checkpoint in the store. Only what the store is writing is waited for.
   */
  readonly signal?: AbortSignal;
  /** Takes what the job tells while it runs. What it throws ends the job. */
  readonly onProgress?: JobListener;
  /** What the names in the spec lead to; default the runtime's: files and the hub in Node, addresses elsewhere. */
  readonly sources?: JobSources;
  /** @internal What messages call settings; default their names. */
  readonly words?: JobWords;
}

/** What a finished job gives. */
export interface JobResult {
  /** What happened: report.json. */
  readonly report: RunReport;
  /** Every example to test on, with what the trained classifier says of it. */
  readonly predictions: readonly Sample[];
}

/** What a finished run on a language model gives. */
export interface LanguageJobResult {
  /** What happened: report.json. */
  readonly report: LanguageReport;
}

/** What any finished run gives. */
export type AnyJobResult = JobResult | TokenJobResult | LanguageJobResult;

/** What a finished run on labelled words gives. */
export interface TokenJobResult {
  /** What happened: report.json. */
  readonly report: TokenReport;
}

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
  const settings = takeAnySpec("runJob", spec);
  const context = takeOptions(options);
  const taken = takeStore("runJob", store, context.signal);
  throwIfAborted(context.signal);
  const release = await taken.claim();
  const result = await runClaimed(settings, taken, context).catch(async (error: unknown) => {
    // What ended the job is what is told.
    await tidy("the store could not be released", release, context).catch(() => undefined);
    throw error;
  });
  await tidy("the store could not be released", release, context);
  return result;
}

/** Does what changes nothing about the job's result: that it fails is told, as a warning. */
async function tidy(problem: string, work: () => void | Promise<void>, { emit }: JobContext): Promise<void> {
  try {
    await work();
  } catch (error) {
    emit({ type: "warning", message: `${problem}: ${clip(String(error))}` });
  }
}

/** What the unfinished run in a store began with; null where there is none. Errors as `runJob`, for damaged files. */
export async function unfinishedSpec(store: RunStore): Promise<AnyJobSpec | null> {
  return (await runStatus(takeStore("unfinishedSpec", store)))?.settings ?? null;
}

async function runClaimed(given: JobSettings, store: RunStore, context: JobContext): Promise<object> {
  await checkNoFolds(store);
  const resumed = await readCheckpoint(store);
  const settings = resumed === null ? given : asBegun(given, resumed.run.settings);
  if (resumed === null) await checkNew(store);
  else checkSame(settings, resumed, store);
  const record = await RecordWriter.of(store, settings, resumed !== null);
  let begun = false;
  try {
    // The checkpoint of a run that goes on says what it is; a refusal leaves it as it was.
    if (resumed === null) await record.prepare();
    const prepared = await jobTaskOf(settings).prepare(settings, { ...context, began: resumed?.run ?? null });
    try {
      if (resumed !== null) prepared.checkResumable(store, resumed, context.words);
      const ready = await prepared.ready(resumed, context);
      begun = true;
      await record.train(prepared.steps);
      context.emit(ready);
      return await trainAndWrite(prepared, store, resumed, context);
    } finally {
      prepared.dispose();
    }
  } catch (error) {
    await leave(record, store, error, begun, context).catch(() => undefined);
    throw error;
  }
}

async function trainAndWrite(
  prepared: PreparedJob,
  store: RunStore,
  resumed: Resumed | null,
  context: JobContext,
): Promise<object> {
  const { files, result } = await prepared.train(store, resumed, context);
  await store.write(files);
  // First the blob that says that the run is not finished.
  await store.remove(runFiles.checkpoint);
  for (const blob of [runFiles.history, runFiles.record])
    await tidy(`${blob} could not be removed from ${store.name}`, () => store.remove(blob), context);
  return result;
}

/** What stays of a run that an error has ended: its state where it had begun or was interrupted, else nothing. */
async function leave(
  record: RecordWriter,
  store: RunStore,
  error: unknown,
  begun: boolean,
  context: JobContext,
): Promise<void> {
  const write = async () => {
    if (error instanceof AbortError) return record.interrupt();
    if (!begun) return record.undo();
    // Whoever took it away wants none.
    if (!(await store.has(runFiles.record))) return;
    // Where its results are there, a listener has thrown at the very end.
    const finished = !(await store.has(runFiles.checkpoint)) && (await store.has(runFiles.report));
    return finished ? store.remove(runFiles.record) : record.fail(error);
  };
  await tidy(`${runFiles.record} could not be written to ${store.name}`, write, context);
}

/** What a job works with, its options read once and checked. */
export function takeOptions(options: JobOptions): JobContext {
  checkOptions("runJob", options, ["signal", "onProgress", "sources", "words"]);
  const { signal, onProgress, sources, words = plainWords } = options;
  checkSignal("runJob", signal);
  if (onProgress !== undefined) callable("runJob", "onProgress", onProgress);
  return {
    signal: signal ?? undefined,
    emit: (event) => void onProgress?.(event),
    sources: takeSources("runJob", sources, signal ?? undefined),
    words,
  };
}

/** What `runFolds` goes on from, and what it found, are no run's. */
async function checkNoFolds(store: RunStore): Promise<void> {
  for (const blob of [runFiles.foldsSoFar, runFiles.folds]) {
    if (!(await store.has(blob))) continue;
    const what = blob === runFiles.folds ? "of cross-validation" : "of a cross-validation that runFolds goes on from";
    const message = `runJob: ${store.name} holds ${blob}, ${what}: take another store, or remove it first`;
    throw new ConfigError(message, { there: [blob] });
  }
}

async function checkNew(store: RunStore): Promise<void> {
  const there: string[] = [];
  for (const blob of [...runFiles.adapter, ...runFiles.head, runFiles.report, runFiles.curve, runFiles.gguf])
    if (await store.has(blob)) there.push(blob);
  if (there.length === 0) return;
  const what = there.includes(runFiles.report) ? "a finished run" : `${there.join(", ")}, which the run would replace`;
  throw new ConfigError(`runJob: ${store.name} holds ${what}: take another store, or remove it first`, { there });
}

function checkSame(settings: JobSettings, { run }: Resumed, store: RunStore): void {
  const name = firstDifference(settings, run.settings);
  if (name === null) return;
  const [given, began] = [settings, run.settings].map((all) => (all as unknown as Record<string, unknown>)[name]);
  throw new ConfigError(
    `runJob: ${store.name} holds an unfinished run that began with another spec: ${name} was ${JSON.stringify(began)}, ` +
      `now it is ${JSON.stringify(given)}; give the spec it began with, or another store`,
    { name, given, began },
  );
}
