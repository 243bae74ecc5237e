import { whole } from "../../arguments/settings.js";
import { ConfigError } from "../../errors/errors.js";
import { type DataReader, fewExamplesText, type Fold, type TaskData, wholeData } from "../data-parts.js";
import { onDevice, takeDevice } from "../device.js";
import { estimateJob } from "../estimate/job-estimate.js";
import { type Loaded, loadRun, openRun } from "../prepare.js";
import { type JobOptions, takeOptions } from "../run-job.js";
import { readyJob } from "../estimate/job-estimate.js";
import type { Fields } from "../spec/field.js";
import { fieldsOf, firstDifference, takeSpec } from "../spec/read-settings.js";
import { type RunSettings, taskOf } from "../spec/run-settings.js";
import { memoryStore, runFiles, type RunStore, takeStore } from "../store/run-store.js";
import type { FileExample, RunContext, TaskTable } from "../task-definition.js";
import { trainRun } from "../train-run.js";
import { type DoneFold, foldKindOf } from "./fold-kind.js";
import {
  type FoldsOrigin,
  foldsReport,
  type FoldsSoFar,
  readFoldsSoFar,
  type TaskFoldsReport,
  writeFolds,
} from "./fold-files.js";

const other = "pass the same settings as before, choose another store, or remove that file";

/** Throws `ConfigError` if the completed folds have another spec. */
function checkSame(
  { settings: began, count }: FoldsSoFar,
  settings: RunSettings,
  folds: number,
  store: RunStore,
  fields: Fields,
) {
  const name = firstDifference({ ...settings, device: began.device }, began, fields);
  if (name === null && count === folds) return;
  const [field, was, is] = name === null ? ["folds", count, folds] : [name, began[name], settings[name]];
  throw new ConfigError(
    `runFolds: ${store.place(runFiles.foldsSoFar)} has folds of another spec: ${field} was ${JSON.stringify(was)}, now it is ` +
      `${JSON.stringify(is)}; ${other}`,
    { name: field, given: is, began: was },
  );
}

/** Throws `ConfigError` if files or engine are not those of the completed folds. */
function checkOrigin(began: FoldsOrigin, now: FoldsOrigin, file: string, store: RunStore): void {
  const pairs: [what: string, was: string | number, is: string | number][] = [
    ["the model (weights, configuration or tokenizer)", began.modelHash, now.modelHash],
    [file, began.dataHash, now.dataHash],
    ["the build", began.build, now.build],
    ["the number of threads", began.threads, now.threads],
  ];
  const changed = pairs.find(([, was, is]) => was !== is);
  if (changed === undefined) return;
  const [name, was, is] = changed;
  throw new ConfigError(
    `runFolds: the folds in ${store.place(runFiles.foldsSoFar)} cannot be continued: ${name} changed since they began ` +
      `(${was}, now ${is}); ${other}`,
    { what: name, was, is },
  );
}

const what = "runFolds";

/** Cross-validation of any task; see `runFolds` of `lowrank/jobs`. */
export async function runTaskFolds(
  tasks: TaskTable,
  spec: object,
  folds: number,
  store: RunStore,
  options: JobOptions,
): Promise<TaskFoldsReport> {
  const settings = takeSpec(what, spec, tasks);
  whole(what, "folds", folds, 2);
  const taking = takeOptions(options);
  const context = { ...taking, device: takeDevice(what, settings, tasks, taking.optionNames) };
  const strange = (["validation", "test", "testSplit"] as const).find((name) => (settings[name] ?? 0) !== 0);
  if (strange !== undefined) {
    const { setting } = context.optionNames;
    const message = `${what}: each fold is tested on its own part of ${setting("data")}: omit ${setting(strange)}`;
    throw new ConfigError(message, { op: what, option: strange, value: settings[strange] });
  }
  const taken = takeStore(what, store, context.signal);
  const release = await taken.claim();
  try {
    const { folds: report, report: ofRun, checkpoint, record, head, adapter } = runFiles;
    const soFar = await readFoldsSoFar(taken, tasks);
    // All folds are done and the report may exist: only the removal of this file was interrupted.
    const written = soFar !== null && soFar.done.length === soFar.count;
    for (const blob of [report, ofRun, checkpoint, record, ...head, ...adapter]) {
      if ((blob === report && written) || !(await taken.has(blob))) continue;
      const whose = blob === report ? "" : ", a run's";
      throw new ConfigError(
        `${what}: ${taken.name} has ${blob}${whose}: choose another store, or remove the file first`,
        {
          blob,
        },
      );
    }
    if (soFar !== null) checkSame(soFar, settings, folds, taken, fieldsOf(settings, tasks));
    const found = await onDevice(context, async (on) =>
      validate(tasks, settings, folds, taken, await readFoldsSoFar(taken, tasks), on),
    );
    const file = new TextEncoder().encode(`${JSON.stringify(found, null, 2)}\n`);
    await taken.write({ [runFiles.folds]: file });
    await taken.remove(runFiles.foldsSoFar);
    return found;
  } finally {
    await release();
  }
}

type Reader = DataReader<FileExample>;

async function validate(
  tasks: TaskTable,
  settings: RunSettings,
  count: number,
  store: RunStore,
  soFar: FoldsSoFar | null,
  context: RunContext,
): Promise<TaskFoldsReport> {
  const task = taskOf(settings);
  const entry = tasks[task]!;
  const kind = foldKindOf(entry);
  let folds: readonly Fold<FileExample>[] = [];
  let reader: Reader;
  // Before the model is loaded, so that data that cannot be split fail at once.
  const loaded = await loadRun(task, entry, settings, { ...context, began: soFar }, async (definition) => {
    reader = definition.reader(settings, context);
    const data = await wholeData(reader, settings, true);
    folds = await reader.folds(data.train, count);
    return data;
  });
  try {
    const { data, engine, modelHash, base } = loaded;
    (await openRun(loaded, context)).model.dispose();
    const { build, threads } = engine;
    const origin: FoldsOrigin = { settings, count, modelHash, dataHash: data.train.sha256, build, threads };
    if (soFar !== null) {
      checkOrigin(soFar, origin, data.train.file, store);
      kind.checkMeasured?.(soFar.done, folds, data.labels, store.place(runFiles.foldsSoFar));
    }
    const { graph } = base;
    const streams = graph.streamsDrawn;
    const done = [...(soFar?.done ?? [])];
    for (const [i, fold] of folds.entries()) {
      if (i < done.length) continue;
      // Each fold starts with the same random numbers.
      graph.streamsDrawn = streams;
      const first = i === (soFar?.done.length ?? 0);
      done.push(await runFold(loaded, reader!, fold, { fold: i + 1, folds: count, first }, context));
      await writeFolds(store, { ...origin, done });
    }
    const more = await kind.report?.(done, folds, data.labels, context.signal);
    return foldsReport(kind, settings, data.labels, done, more ?? {});
  } finally {
    await loaded.dispose();
  }
}

/** The fold's number from 1, the number of folds, and whether it is the first in this call. */
interface Place {
  readonly fold: number;
  readonly folds: number;
  readonly first: boolean;
}

async function runFold(
  loaded: Loaded,
  reader: Reader,
  own: Fold<FileExample>,
  { fold, folds, first }: Place,
  context: RunContext,
): Promise<DoneFold> {
  const { settings, data, entry } = loaded;
  const { train: all, labels } = data;
  const { rest, held, tooFew } = await reader.holdToChoose({ ...all, examples: own.train }, settings.seed);
  const part = (examples: readonly FileExample[]) => ({ ...all, examples, split: true });
  const parted: TaskData<FileExample> = {
    train: part(rest),
    validation: part(held),
    test: part(own.validation),
    labels,
    tooFewToChoose: tooFew,
  };
  const few = fewExamplesText(parted, entry.plan, context.optionNames);
  if (fold === 1 && few !== null) context.emit({ type: "warning", message: few });
  const prepared = await openRun({ ...loaded, data: parted }, context, true);
  try {
    if (first) {
      const left = folds - fold + 1;
      const estimate = await estimateJob(prepared, null, context, left);
      context.emit({ type: "ready", job: readyJob(prepared, null, estimate, left) });
    }
    context.emit({ type: "fold", fold, folds });
    const { outcome, steps, evaluation } = await trainRun(prepared, memoryStore(), null, context);
    const kind = foldKindOf(entry);
    return { result: { ...kind.result(outcome), steps: steps.length, evaluation }, kept: outcome.kept ?? null };
  } finally {
    prepared.model.dispose();
  }
}
