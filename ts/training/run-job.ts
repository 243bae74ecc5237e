import { checkOptions } from "../arguments/options.js";
import { callable, whole } from "../arguments/settings.js";
import { AbortError, ConfigError } from "../errors/errors.js";
import { clip } from "../errors/excerpt.js";
import type { FileMap } from "../io/file-access.js";
import { lossCurve } from "../pictures/loss-curve.js";
import { checkSignal, throwIfAborted } from "../waiting/abort.js";
import type { TaskFile } from "./data-parts.js";
import { onDevice, takeDevice } from "./device.js";
import { estimateJob, readyJob } from "./estimate/job-estimate.js";
import { type FinalResult, fitFinal } from "./final-fit.js";
import type { JobEstimate, JobListener } from "./job-events.js";
import { loadRun, openRun, type Prepared } from "./prepare.js";
import { reportEngine, reportFile, reportProgram, reportTraining, type TaskReport } from "./report.js";
import { type JobSources, takeSources } from "./sources/job-sources.js";
import { type OptionNames, settingNames } from "./spec/option-names.js";
import { fieldsOf, firstDifference, takeSpec } from "./spec/read-settings.js";
import { type RunSettings, taskOf } from "./spec/run-settings.js";
import { formatTargets } from "./spec/shared-fields.js";
import { checkCheckpointFits, readCheckpoint, readFinal, type Resumed } from "./store/checkpoint-file.js";
import { RecordWriter } from "./store/run-record.js";
import { checkSameOrigin } from "./store/run-state.js";
import { runFiles, type RunStore, takeStore } from "./store/run-store.js";
import type { FileExample, RunContext, TaskTable, TokenizedExample } from "./task-definition.js";
import { stateOf, type Trained, trainRun } from "./train-run.js";

/** Options of a job. */
export interface JobOptions {
  /**
   * Cancels within a step or a batch of texts, and while store or sources are slow. The job then rejects with `AbortError`; its last
   * checkpoint is in the store. It waits only for the store's current write.
   */
  readonly signal?: AbortSignal;
  /** Called with the job's events. If it throws, the job ends with that error. */
  readonly onProgress?: JobListener;
  /** Finds models and files by the names in the spec. Default: the runtime's, files and the hub in Node, addresses elsewhere. */
  readonly sources?: JobSources;
  /**
   * Number of examples of the validation that each `evaluation` event has with the model's predictions, to watch how they change; default 0.
   * They are spread evenly over the validation. If it has fewer, all are shown.
   */
  readonly showExamples?: number;
  /** @internal Names of settings in messages; default: the names in the spec. */
  readonly optionNames?: OptionNames;
  /**
   * @internal Called before training with the files of the head-only model: of texts with numbers or several labels, and of a classifier with
   * few examples of each label.
   */
  readonly onHeadOnly?: (files: FileMap) => Promise<void>;
}

/** Runs a job of any task; see `runJob` of `lowrank/jobs`. Returns the report and the task's own result. */
export async function runTask(
  tasks: TaskTable,
  spec: object,
  store: RunStore,
  options: JobOptions,
): Promise<{ readonly report: TaskReport }> {
  const settings = takeSpec("runJob", spec, tasks);
  const taking = takeOptions(options);
  const context = { ...taking, device: takeDevice("runJob", settings, tasks, taking.optionNames) };
  const taken = takeStore("runJob", store, context.signal);
  throwIfAborted(context.signal);
  const release = await taken.claim();
  const run = (own: RunContext) => runClaimed(tasks, settings, taken, own);
  const result = await onDevice(context, run).catch(async (error: unknown) => {
    // Report the error that ended the job.
    await tidy("the store could not be released", release, context).catch(() => undefined);
    throw error;
  });
  await tidy("the store could not be released", release, context);
  return result;
}

async function runClaimed(
  tasks: TaskTable,
  settings: RunSettings,
  store: RunStore,
  context: RunContext,
): Promise<{ readonly report: TaskReport }> {
  await checkNoFolds(store);
  const resumed = await readCheckpoint(store, tasks);
  if (resumed === null) await checkNew(store);
  else checkSame(settings, resumed, store, tasks);
  const finalSoFar = resumed === null ? null : await readFinal(store, tasks, resumed);
  const record = await RecordWriter.of(store, settings, resumed !== null, tasks);
  let begun = false;
  try {
    // The checkpoint of a resumed run has its own state; an error leaves it unchanged.
    if (resumed === null) await record.prepare();
    const task = taskOf(settings);
    const own = { ...context, began: resumed?.run ?? null };
    const loaded = await loadRun(task, tasks[task]!, settings, own);
    try {
      const streams = loaded.base.graph.streamsDrawn;
      const prepared = await openRun(loaded, own);
      if (resumed !== null) checkResumable(prepared, store, resumed, context);
      const done = resumed?.checkpoint.step ?? null;
      const estimate = await estimateJob(prepared, done, context, 1, finalSoFar?.checkpoint.step);
      begun = true;
      await record.train(prepared.steps);
      context.emit({ type: "ready", job: readyJob(prepared, done, estimate) });
      const trained = await trainRun(prepared, store, resumed, context);
      const final =
        prepared.final === null
          ? null
          : await fitFinal(
              prepared,
              trained,
              { streams, run: stateOf(prepared, trained.state), resumed: finalSoFar, record },
              store,
              own,
            );
      const report = reportOf(prepared, trained, estimate, final);
      const { model } = final ?? prepared;
      await writeResult(
        { ...(await model.files()), ...outputFiles(report, trained, prepared) },
        final !== null,
        store,
        context,
      );
      return { report, ...trained.outcome.more };
    } finally {
      await loaded.dispose();
    }
  } catch (error) {
    await leave(record, store, error, begun, context).catch(() => undefined);
    throw error;
  }
}

/** The result of a run. */
function reportOf(
  prepared: Prepared,
  { outcome, steps, evaluation, diverged }: Trained,
  estimate: JobEstimate,
  final: FinalResult | null,
): TaskReport {
  const { task, settings, engine, source, modelHash, data, tokens, model, machine } = prepared;
  const part = ({ file, sha256, examples }: TaskFile<FileExample>, tokenized: readonly TokenizedExample[]) => ({
    file,
    sha256,
    examples: examples.length,
    ...model.counts?.(tokenized),
  });
  const { train, validation, test, labels } = data;
  const peakMemory = model.graph.engine.info.memory.peak;
  return {
    ...reportProgram(),
    task,
    settings,
    model: { name: source.name, source: settings.model, sha256: modelHash },
    data: {
      train: part(train, tokens.train),
      validation: part(validation, tokens.validation),
      test: test && part(test, tokens.measured),
      labels,
      ...outcome.data,
    },
    parameters: model.parameters,
    engine: reportEngine(engine, machine),
    metrics: outcome.metrics,
    result: outcome.result,
    evaluation,
    estimate,
    ...(final !== null && { finalFit: final.reported }),
    training: reportTraining(steps, { peakMemory, diverged: (diverged ?? final?.diverged ?? null) !== null }),
    steps,
  };
}

/** The report as a file and the loss curve, if steps were taken. */
function outputFiles(
  report: TaskReport,
  { outcome: { curve } }: Trained,
  { chosenBy }: Pick<Prepared, "chosenBy">,
): FileMap {
  const file = { [runFiles.report]: reportFile(report) };
  if (report.steps.length === 0) return file;
  const { settings, model, data, steps, evaluation } = report;
  const { rank, alpha, targetModules, batchSize } = settings;
  const subtitle = [
    ...curve.yardsticks,
    `rank ${rank}, alpha ${alpha} on ${formatTargets(targetModules)}`,
    `${steps.length} steps of ${batchSize}`,
    lastPart(data.train.file),
  ];
  const picture = lossCurve(steps, {
    title: `${lastPart(model.name)} with LoRA${curve.title === "" ? "" : `: ${curve.title}`}`,
    subtitle: subtitle.join(" · "),
    ...(data.labels.length > 0 && (curve.ofClasses ?? true) && { classes: data.labels.length }),
    // The picture's unit is the loss.
    ...(evaluation && chosenBy === undefined && { validation: evaluation }),
  });
  return { ...file, [runFiles.curve]: new TextEncoder().encode(picture) };
}

/** The last part of a path or address, for pictures. */
const lastPart = (path: string): string => path.split(/[/\\]/).at(-1)!;

/** Does work that does not change the job's result: if it fails, that is a warning. */
async function tidy(problem: string, work: () => void | Promise<void>, { emit }: RunContext): Promise<void> {
  try {
    await work();
  } catch (error) {
    emit({ type: "warning", message: `${problem}: ${clip(String(error))}` });
  }
}

/**
 * Throws `ConfigError` if files or engine are not those of the resumed run, `FormatError` if its checkpoint is of another model, other data
 * or another number of steps.
 */
function checkResumable(prepared: Prepared, store: RunStore, resumed: Resumed, { optionNames }: RunContext): void {
  const { modelHash, engine, data, model, steps, tokens, definition } = prepared;
  checkSameOrigin(resumed.run, { ...data, modelHash, engine }, optionNames);
  const shapes = model.params().map((id) => model.graph.shape(id));
  checkCheckpointFits(store, resumed, { steps, shapes }, () =>
    definition.checkStateFits?.(resumed.run, data, tokens.measured.length),
  );
}

async function writeResult(files: FileMap, isFinal: boolean, store: RunStore, context: RunContext): Promise<void> {
  await store.write(files);
  // First the blob that marks the run as unfinished.
  await store.remove(runFiles.checkpoint);
  const more = isFinal ? [runFiles.finalCheckpoint, runFiles.finalHistory] : [];
  for (const blob of [...more, runFiles.history, runFiles.record])
    await tidy(`${blob} could not be removed from ${store.name}`, () => store.remove(blob), context);
}

/** Records the state of a run that had begun before an error, otherwise removes everything. */
async function leave(
  record: RecordWriter,
  store: RunStore,
  error: unknown,
  begun: boolean,
  context: RunContext,
): Promise<void> {
  const write = async () => {
    if (error instanceof AbortError) return record.interrupt();
    if (!begun) return record.undo();
    // The user has removed it.
    if (!(await store.has(runFiles.record))) return;
    // The results are complete: a listener threw at the very end.
    const finished = !(await store.has(runFiles.checkpoint)) && (await store.has(runFiles.report));
    return finished ? store.remove(runFiles.record) : record.fail(error);
  };
  await tidy(`${runFiles.record} could not be written to ${store.name}`, write, context);
}

/** A job's checked options, each read once. */
export function takeOptions(options: JobOptions): RunContext {
  const what = "runJob";
  checkOptions(what, options, ["signal", "onProgress", "sources", "showExamples", "optionNames", "onHeadOnly"]);
  const { signal, onProgress, sources, showExamples = 0, optionNames = settingNames, onHeadOnly } = options;
  checkSignal(what, signal);
  if (onProgress !== undefined) callable(what, "onProgress", onProgress);
  return {
    signal: signal ?? undefined,
    emit: (event) => void onProgress?.(event),
    sources: takeSources(what, sources, signal ?? undefined),
    showExamples: whole(what, "showExamples", showExamples, 0),
    optionNames,
    ...(onHeadOnly && { onHeadOnly }),
  };
}

/** Throws for files of `runFolds`: they are not a run's. */
async function checkNoFolds(store: RunStore): Promise<void> {
  for (const blob of [runFiles.foldsSoFar, runFiles.folds]) {
    if (!(await store.has(blob))) continue;
    const what = blob === runFiles.folds ? "of cross-validation" : "of a cross-validation that runFolds can continue";
    const message = `runJob: ${store.name} has ${blob}, ${what}: choose another store, or remove the file first`;
    throw new ConfigError(message, { there: [blob] });
  }
}

async function checkNew(store: RunStore): Promise<void> {
  const there: string[] = [];
  for (const blob of [...runFiles.adapter, ...runFiles.head, runFiles.report, runFiles.curve, runFiles.gguf])
    if (await store.has(blob)) there.push(blob);
  if (there.length === 0) return;
  const what = there.includes(runFiles.report) ? "a finished run" : `${there.join(", ")}, which the run would replace`;
  throw new ConfigError(`runJob: ${store.name} has ${what}: choose another store, or remove it first`, { there });
}

function checkSame(settings: RunSettings, { run }: Resumed, store: RunStore, tasks: TaskTable): void {
  const fields = fieldsOf(settings, tasks);
  const name = firstDifference({ ...settings, device: run.settings.device }, run.settings, fields);
  if (name === null) return;
  const [given, began] = [settings, run.settings].map((all) => all[name]);
  throw new ConfigError(
    `runJob: ${store.name} has an unfinished run with another spec: ${name} was ${JSON.stringify(began)}, ` +
      `now it is ${JSON.stringify(given)}; pass the same spec, or choose another store`,
    { name, given, began },
  );
}
