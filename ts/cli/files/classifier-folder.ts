import { type Command, Option } from "commander";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CrossEncoder, type SentenceEncoder, TextClassifier } from "../../entry/node.js";
import { ConfigError, ModelError, withFolder } from "../../errors/errors.js";
import type { FileMap } from "../../io/file-access.js";
import type { ModelSource } from "../../io/model-source.js";
import { builds } from "../../training/spec/shared-fields.js";
import {
  type HeadTask,
  isHeadTask,
  LABELS_FILE,
  type LabelsFile,
  labelsOf,
  readLabels,
} from "../../tasks/head/classifier-files.js";
import { type TaskName, tasks } from "../../tasks/index.js";
import type { OpenedOptions, TaskEntry } from "../../training/task-definition.js";
import { CLASSIFIER_FILES, peftField, poolingOf } from "../../tasks/head/open-classifier.js";
import { findModel, isAdapter, isCrossEncoder, loadEncoder, recordedModel, reportedTask } from "./base-model.js";
import { type EngineOptions, REVECTORIZE_HELP, startEngine } from "../engine-start.js";
import { threadCount } from "../options/option-values.js";
import { newestRun, readAdapterFiles, readClassifier, resultIn } from "./run-folder.js";
import { shellPath } from "../terminal/terminal.js";
import type { Session } from "../session.js";
import { isJsonObject, parseJsonObject } from "../../io/json.js";
import { runFiles } from "../../training/store/run-store.js";
import { kindOfHead } from "../../tasks/head/transformers-head.js";

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

/** What makes a model of a folder's files. */
interface Opener<C> {
  /** Makes the model of a run's files on its base; omitted if `open` takes these too. */
  load?(encoder: SentenceEncoder, files: FileMap, options: { readonly allowOtherBase: boolean }): C;
  /** Opens files that no run made: a PEFT adapter, or a whole model. */
  open?(from: string | ModelSource, options: OpenedOptions): Promise<C>;
}

/** A text classifier. The caller disposes of its encoder. */
export const openClassifier = (options: ClassifierOptions, session: Session) =>
  opened<TextClassifier>(TextClassifier, "classify", options, session);

/** The cross-encoder of a run, or a whole one in a folder or by its name. */
export const openReranker = (options: ClassifierOptions, session: Session) =>
  opened<CrossEncoder>({ open: (from, how) => CrossEncoder.load(from, how) }, "rank", options, session);

/** The model of a run of any task whose definition says how it is used. The caller disposes of its encoder. */
export async function openTrained(task: TaskName, options: ClassifierOptions, session: Session) {
  const { trained, opened: open } = await definitionOf(task);
  return opened({ ...(trained && { load: trained }), ...(open && { open }) }, task, options, session);
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

/** Throws `ConfigError` if a base is named for a whole model. */
function refuseBase(folder: string, { model = folder }: ClassifierOptions): void {
  if (model === folder) return;
  throw new ConfigError(`--model ${model}: ${folder} is a whole model and needs no base; omit --model`, {
    option: "--model",
    value: model,
  });
}

async function opened<C>(kind: Opener<C>, task: TaskName, options: ClassifierOptions, session: Session): Promise<C> {
  const folder = classifierFolder(options);
  const { load, open } = kind;
  if (load === undefined) return openedAlone(open!, folder, !isAdapter(folder), options, session);
  // Only classifiers' files of other programs are known.
  const foreign = isHeadTask(task) ? foreignClassifier(folder) : null;
  if (foreign !== null) return openedAlone(open!, folder, foreign.isWhole, options, session);
  try {
    const { model, allowOtherBase = false } = options;
    const files = isHeadTask(task) ? readClassifier(folder) : readAdapterFiles(folder);
    const labels = isHeadTask(task) ? labelsOf(files, task) : null;
    const recorded = recordedModel(folder, model ?? ((labels?.merged ?? null) === null ? undefined : folder));
    await startEngine(options);
    const found = await findModel(recorded.model, session);
    const pooling = labels === null ? undefined : poolingOf(labels);
    const encoder = await loadEncoder(found, 0, recorded.maxTokens, session, pooling);
    try {
      return load(encoder, files, { allowOtherBase });
    } catch (error) {
      encoder.dispose();
      throw error;
    }
  } catch (error) {
    throw withFolder(error, folder, CLASSIFIER_FILES);
  }
}

/** Opens a whole model, or an adapter with its base. */
async function openedAlone<C>(
  open: NonNullable<Opener<C>["open"]>,
  folder: string,
  isWhole: boolean,
  options: ClassifierOptions,
  session: Session,
): Promise<C> {
  const { signal } = session;
  if (isWhole) refuseBase(folder, options);
  const { model, maxTokens } = isWhole ? { model: folder, maxTokens: null } : recordedModel(folder, options.model);
  await startEngine(options);
  const found = await findModel(model, session);
  if (isWhole) return open(found, { signal });
  return open(folder, { signal, model: found, ...(maxTokens !== null && { maxTokens }) });
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
  return foreignClassifier(folder)?.task ?? "classify";
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

// Classifiers that are not runs: PEFT's adapters with a head, and checkpoints of transformers, merged models included.

/** The contents of such a folder. */
interface ForeignClassifier {
  /** What it classifies, and for texts whether they have several labels: an adapter's base says so, if it is a folder. */
  readonly task: "classify" | "multi-label" | "tokens";
  /** Whether it is a whole model, which needs no base. */
  readonly isWhole: boolean;
}

const CONFIG = "config.json";
const ADAPTER = "adapter_config.json";

/** The contents of a folder if it is such a classifier; otherwise null. */
function foreignClassifier(folder: string): ForeignClassifier | null {
  const has = (name: string) => existsSync(join(folder, name));
  if ([LABELS_FILE, runFiles.record, runFiles.checkpoint].some(has)) return null;
  if (has(ADAPTER)) {
    const adapter = readFileSync(join(folder, ADAPTER));
    const task = peftField(adapter, "task_type");
    if (task === "TOKEN_CLS") return { task: "tokens", isWhole: false };
    const base = peftField(adapter, "base_model_name_or_path") ?? "";
    return task === "SEQ_CLS" ? { task: textTask(base), isWhole: false } : null;
  }
  const kind = has(CONFIG) ? kindOfHead(modelConfig(folder)) : null;
  if (kind !== "ForSequenceClassification" && kind !== "ForTokenClassification") return null;
  return { task: kind === "ForTokenClassification" ? "tokens" : textTask(folder), isWhole: true };
}

/** The task of a model with a head for texts. */
function textTask(folder: string): "classify" | "multi-label" {
  const { problem_type: problem = null } = existsSync(join(folder, CONFIG)) ? modelConfig(folder) : {};
  return problem === "multi_label_classification" ? "multi-label" : "classify";
}

/** Names of classes in a model's config.json; empty if there are none, or no such folder. */
function classNamesOf(folder: string): readonly string[] {
  if (!existsSync(join(folder, CONFIG))) return [];
  const named = modelConfig(folder)["id2label"];
  return isJsonObject(named) ? Object.values(named).filter((name) => typeof name === "string") : [];
}

function modelConfig(folder: string): Readonly<Record<string, unknown>> {
  const path = join(folder, CONFIG);
  const fail = (problem: string, cause?: unknown) => new ModelError(`${path}: ${problem}`, { path }, { cause });
  return parseJsonObject(new Uint8Array(readFileSync(path)), fail);
}
