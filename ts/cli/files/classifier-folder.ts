import { type Command, Option } from "commander";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  CrossEncoder,
  type LoadClassifierOptions,
  type SentenceEncoder,
  TextClassifier,
  TokenClassifier,
} from "../../entry/node.js";
import { ConfigError, withFolder } from "../../errors/errors.js";
import type { FileMap } from "../../io/file-map.js";
import { builds } from "../../training/spec/shared-fields.js";
import { labelsOf } from "../../tasks/classifier-files.js";
import { type TaskName, tasks } from "../../tasks/index.js";
import type { FileExample, OpenedOptions, TaskEntry, TrainedModel } from "../../training/task-definition.js";
import { type HeadTask, isHeadTask, LABELS_FILE, type LabelsFile, readLabels } from "../../tasks/labels-file.js";
import { CLASSIFIER_FILES, poolingOf } from "../../tasks/open-classifier.js";
import { findModel, isAdapter, isCrossEncoder, loadEncoder, recordedModel, reportedTask } from "./base-model.js";
import { classNamesOf, type ForeignClassifier, foreignClassifier } from "./foreign-classifier.js";
import { type EngineOptions, REVECTORIZE_HELP, startEngine } from "../engine-start.js";
import { threadCount } from "../options/option-values.js";
import { newestRun, readAdapterFiles, readClassifier, resultIn } from "./run-folder.js";
import { shellPath } from "../terminal/shell-word.js";
import type { Session } from "../session.js";

/** Options of the commands that use a trained classifier. */
export interface ClassifierOptions extends EngineOptions {
  readonly run?: string;
  readonly model?: string;
  readonly allowOtherBase?: boolean;
}

/** Adds `--build` and `--threads`. */
export function addEngineOptions(command: Command): Command {
  return command
    .addOption(new Option("--build <name>", "build of the kernels").choices(builds).default("auto"))
    .option("--threads <n>", 'number of threads, or "auto"', threadCount, "auto" as const)
    .option("--revectorize", REVECTORIZE_HELP);
}

/** Adds the options for `openClassifier`. */
export function addClassifierOptions(command: Command): Command {
  return addEngineOptions(
    command
      .option(
        "--run <folder>",
        "folder of a run, or of a PEFT adapter with its head (default: the newest run under runs/)",
      )
      .option(
        "--model <name>",
        "folder or name of the base model (default: the run's); or, without --run, the folder of a whole model with its head, merged or from transformers",
      )
      .option("--allow-other-base", "accept a base with other weights than in the run's training", false),
  );
}

/** The class that opens a folder. */
interface ClassifierClass<C> {
  load(encoder: SentenceEncoder, files: FileMap, options: LoadClassifierOptions): C;
  /** Opens what no run made. */
  open(folder: string, options: OpenedOptions): Promise<C>;
}

/** A text classifier and its folder. The caller disposes of its encoder. */
export const openClassifier = (options: ClassifierOptions, session: Session) =>
  opened<TextClassifier>(TextClassifier, "classify", options, session);

/** A token classifier and its folder. */
export const openTokenClassifier = (options: ClassifierOptions, session: Session) =>
  opened<TokenClassifier>(TokenClassifier, "tokens", options, session);

/** The model of a run of any task whose definition says how it is used. The caller disposes of its encoder. */
export async function openTrained(task: TaskName, options: ClassifierOptions, session: Session) {
  if (task === "rank") {
    const { model, ...others } = await openReranker(options.run ?? "", options, session);
    return { ...others, model: model as TrainedModel<never> as TrainedModel<FileExample> };
  }
  const { trained, opened: open } = await definitionOf(task);
  const load = (encoder: SentenceEncoder, files: FileMap, { allowOtherBase = false }: LoadClassifierOptions) =>
    trained!(encoder, files, { allowOtherBase });
  const { folder, classifier } = await opened({ load, open: open! }, task, options, session);
  return { folder, model: classifier };
}

/** The definition of a task. */
export function definitionOf(task: TaskName) {
  const entry: TaskEntry = tasks[task];
  return entry.load();
}

/** The error of a command that cannot use a run's model: what can. */
export async function otherUse(task: TaskName, run: string): Promise<ConfigError> {
  const { makes, usedBy } = await definitionOf(task);
  return new ConfigError(`${run} is ${makes}: ${usedBy!(shellPath(run))}`, { run, task });
}

/** The cross-encoder of a run, or a whole one in a folder or by its name. */
export async function openReranker(folder: string, options: ClassifierOptions, session: Session) {
  const { TrainedRank } = await import("../../tasks/rank/trained-rank.js");
  const encoder = await loadedReranker(folder, options, session);
  return { folder, encoder, model: new TrainedRank(encoder) };
}

async function loadedReranker(folder: string, options: ClassifierOptions, session: Session) {
  const { signal } = session;
  if (!isAdapter(folder)) {
    refuseBase(folder, options);
    await startEngine(options);
    return CrossEncoder.load(await findModel(folder, session), { signal });
  }
  const { model, maxTokens } = recordedModel(folder, options.model);
  await startEngine(options);
  const base = await findModel(model, session);
  return CrossEncoder.load(folder, { model: base, signal, ...(maxTokens !== null && { maxTokens }) });
}

/** Throws `ConfigError` if a base is named for a whole model. */
function refuseBase(folder: string, { model = folder }: ClassifierOptions): void {
  if (model === folder) return;
  throw new ConfigError(`--model ${model}: ${folder} is a whole model and needs no base; omit --model`, {
    option: "--model",
    value: model,
  });
}

async function opened<C>(
  kind: ClassifierClass<C>,
  task: TaskName,
  options: ClassifierOptions,
  session: Session,
): Promise<{ readonly folder: string; readonly classifier: C }> {
  const folder = classifierFolder(options);
  // Only classifiers' files of other programs are known.
  const foreign = isHeadTask(task) ? foreignClassifier(folder) : null;
  if (foreign !== null)
    return { folder, classifier: await kind.open(folder, await foreignOptions(folder, foreign, options, session)) };
  try {
    return await loadedFolder(kind, folder, task, options, session);
  } catch (error) {
    throw withFolder(error, folder, CLASSIFIER_FILES);
  }
}

async function loadedFolder<C>(
  kind: ClassifierClass<C>,
  folder: string,
  task: TaskName,
  options: ClassifierOptions,
  session: Session,
): Promise<{ readonly folder: string; readonly classifier: C }> {
  const { model, allowOtherBase = false } = options;
  const files = isHeadTask(task) ? readClassifier(folder) : readAdapterFiles(folder);
  const labels = isHeadTask(task) ? labelsOf(files, task) : null;
  const recorded = recordedModel(folder, model ?? ((labels?.merged ?? null) === null ? undefined : folder));
  await startEngine(options);
  const found = await findModel(recorded.model, session);
  const encoder = await loadEncoder(
    found,
    0,
    recorded.maxTokens,
    session,
    labels === null ? undefined : poolingOf(labels),
  );
  try {
    return { folder, classifier: kind.load(encoder, files, { allowOtherBase }) };
  } catch (error) {
    encoder.dispose();
    throw error;
  }
}

/** Options for opening a classifier that is not a run's, after the kernels have started: an adapter's base. */
async function foreignOptions(
  folder: string,
  { isWhole }: ForeignClassifier,
  options: ClassifierOptions,
  session: Session,
): Promise<OpenedOptions> {
  const { signal } = session;
  if (isWhole) refuseBase(folder, options);
  const named = isWhole ? null : recordedModel(folder, options.model).model;
  await startEngine(options);
  return named === null ? { signal } : { signal, model: await findModel(named, session) };
}

/** A folder's labels.json. Throws `FormatError`, which names the folder. */
function labelsAt(folder: string): LabelsFile {
  try {
    return readLabels(readFileSync(join(folder, LABELS_FILE)));
  } catch (error) {
    throw withFolder(error, folder, CLASSIFIER_FILES);
  }
}

/**
 * The task that a folder's model was trained for: of a head by its labels, otherwise by the run's report, of a cross-encoder by its settings.
 */
export function trainedTaskOf(folder: string): TaskName {
  const task = existsSync(join(folder, LABELS_FILE)) ? null : reportedTask(folder);
  return typeof task === "string" && Object.hasOwn(tasks, task)
    ? (task as TaskName)
    : isCrossEncoder(folder)
      ? "rank"
      : headTaskOf(folder);
}

/** The task that a run's model, or another program's, was trained for. */
function headTaskOf(folder: string): HeadTask {
  const path = join(folder, LABELS_FILE);
  if (existsSync(path)) return labelsAt(folder).task;
  return foreignClassifier(folder)?.tokens ? "tokens" : "classify";
}

/** A run's labels; for PEFT's files those of their base, if it is a folder. */
export function trainedLabels(folder: string): ReadonlySet<string> {
  const foreign = foreignClassifier(folder);
  if (foreign === null) return new Set(labelsAt(folder).labels);
  return new Set(classNamesOf(foreign.isWhole ? folder : recordedModel(folder).model));
}

/** The folder of --run, or of a merged model with its head; otherwise the newest run's. */
export function classifierFolder({ run, model }: Pick<ClassifierOptions, "run" | "model">): string {
  if (run !== undefined) return resultIn(run);
  return model !== undefined && isServed(model) ? model : newestRun();
}

/** Whether a model is merged with its head beside it, or a checkpoint with a head, or a whole cross-encoder. */
function isServed(folder: string): boolean {
  if (existsSync(join(folder, LABELS_FILE))) return labelsAt(folder).merged !== null;
  const isReranker = existsSync(join(folder, "config.json")) && isCrossEncoder(folder);
  return isReranker || (foreignClassifier(folder)?.isWhole ?? false);
}
