import { type Command, Option } from "commander";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  CrossEncoder,
  type LoadClassifierOptions,
  type OpenClassifierOptions,
  type SentenceEncoder,
  TextClassifier,
  TokenClassifier,
} from "../../entry/node.js";
import { ConfigError } from "../../errors/errors.js";
import type { FileMap } from "../../io/file-map.js";
import { builds } from "../../training/spec/shared-fields.js";
import { labelsOf } from "../../tasks/classifier-files.js";
import { tasks } from "../../tasks/index.js";
import type { FileExample, TaskEntry, TrainedModel } from "../../training/task-definition.js";
import { type HeadTask, LABELS_FILE, readLabels } from "../../tasks/labels-file.js";
import { poolingOf } from "../../tasks/open-classifier.js";
import { openEncoder } from "./adapted-encoder.js";
import { findModel, loadEncoder, recordedModel, reportedTask } from "./base-model.js";
import { classNamesOf, type ForeignClassifier, foreignClassifier } from "./foreign-classifier.js";
import { type EngineOptions, REVECTORIZE_HELP, startEngine } from "../engine-start.js";
import { threadCount } from "../options/option-values.js";
import { newestRun, readClassifier } from "./run-folder.js";
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
  /** Opens what no run made; omitted where only runs make it. */
  open?(folder: string, options: OpenClassifierOptions): Promise<C>;
}

/** A text classifier and its folder. The caller disposes of its encoder. */
export const openClassifier = (options: ClassifierOptions, session: Session) =>
  opened<TextClassifier>(TextClassifier, "classify", options, session);

/** A token classifier and its folder. */
export const openTokenClassifier = (options: ClassifierOptions, session: Session) =>
  opened<TokenClassifier>(TokenClassifier, "tokens", options, session);

/** Tasks whose models are no classifiers of texts: adapters for sentence vectors, and cross-encoders. */
export type PairTask = "pairs" | "rank";

/** What `evaluate` measures the models of. */
export type TrainedTask = HeadTask | PairTask;

/** Whether a task's model is no classifier of texts. */
const isPairTask = (task: unknown): task is PairTask => task === "pairs" || task === "rank";

/** The model of a run of any task whose definition says how it is used. The caller disposes of its encoder. */
export async function openTrained(task: TrainedTask, options: ClassifierOptions, session: Session) {
  const entry: TaskEntry = tasks[task];
  const definition = await entry.load();
  if (isPairTask(task)) {
    const { run: folder = "", ...others } = options;
    if (task === "rank") {
      const { model, ...opened } = await openReranker(folder, others, session);
      return { ...opened, model: model as TrainedModel<never> as TrainedModel<FileExample> };
    }
    const encoder = await openEncoder({ ...others, adapter: folder }, session);
    return { folder, encoder, model: definition.trained!(encoder, {}, { allowOtherBase: false }) };
  }
  const load = (encoder: SentenceEncoder, files: FileMap, { allowOtherBase = false }: LoadClassifierOptions) => ({
    encoder,
    model: definition.trained!(encoder, files, { allowOtherBase }),
  });
  const { folder, classifier } = await opened({ load }, task, options, session);
  return { folder, ...classifier };
}

/** The cross-encoder of a run. */
export async function openReranker(folder: string, options: ClassifierOptions, session: Session) {
  const { model, maxTokens } = recordedModel(folder, options.model);
  await startEngine(options);
  const base = await findModel(model, session);
  const { TrainedRank } = await import("../../tasks/rank/trained-rank.js");
  const { signal } = session;
  const encoder = await CrossEncoder.load(folder, { model: base, signal, ...(maxTokens !== null && { maxTokens }) });
  return { folder, encoder, model: new TrainedRank(encoder) };
}

async function opened<C>(
  kind: ClassifierClass<C>,
  task: HeadTask,
  options: ClassifierOptions,
  session: Session,
): Promise<{ readonly folder: string; readonly classifier: C }> {
  const folder = classifierFolder(options);
  const foreign = foreignClassifier(folder);
  if (foreign !== null)
    return { folder, classifier: await kind.open!(folder, await foreignOptions(folder, foreign, options, session)) };
  const { model, allowOtherBase = false } = options;
  const files = readClassifier(folder);
  const labels = labelsOf(files, task);
  const recorded = recordedModel(folder, model ?? (labels.merged === null ? undefined : folder));
  await startEngine(options);
  const found = await findModel(recorded.model, session);
  const encoder = await loadEncoder(found, 0, recorded.maxTokens, session, poolingOf(labels));
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
): Promise<OpenClassifierOptions> {
  const { signal } = session;
  const { model = folder } = options;
  if (isWhole && model !== folder)
    throw new ConfigError(`--model ${model}: ${folder} is a whole model and needs no base; omit --model`, {
      option: "--model",
      value: model,
    });
  const named = isWhole ? null : recordedModel(folder, options.model).model;
  await startEngine(options);
  return named === null ? { signal } : { signal, model: await findModel(named, session) };
}

/**
 * The task that a folder's model was trained for: of a head by its labels, otherwise by the run's report. Throws `ConfigError` for a
 * language model's adapter.
 */
export function trainedTaskOf(folder: string): TrainedTask {
  const task = existsSync(join(folder, LABELS_FILE)) ? null : reportedTask(folder);
  if (task === "text" || task === "chat" || task === "preferences")
    throw new ConfigError(
      `${folder} is a language model's adapter: use it with \`lowrank generate --adapter ${shellPath(folder)}\` or \`lowrank chat\`; \`lowrank inspect\` shows what its run measured`,
      { run: folder, task },
    );
  return isPairTask(task) ? task : headTaskOf(folder);
}

/** The task that a run's model, or another program's, was trained for. */
function headTaskOf(folder: string): HeadTask {
  const path = join(folder, LABELS_FILE);
  if (existsSync(path)) return readLabels(readFileSync(path)).task;
  return foreignClassifier(folder)?.tokens ? "tokens" : "classify";
}

/** A run's labels; for PEFT's files those of their base, if it is a folder. */
export function trainedLabels(folder: string): ReadonlySet<string> {
  const foreign = foreignClassifier(folder);
  if (foreign === null) return new Set(readLabels(readFileSync(join(folder, LABELS_FILE))).labels);
  return new Set(classNamesOf(foreign.isWhole ? folder : recordedModel(folder).model));
}

/** The folder of --run, or of a merged model with its head; otherwise the newest run's. */
export function classifierFolder({ run, model }: Pick<ClassifierOptions, "run" | "model">): string {
  return run ?? (model !== undefined && isServed(model) ? model : newestRun());
}

/** Whether a model is merged with its head beside it, or a checkpoint with a head. */
function isServed(folder: string): boolean {
  const path = join(folder, LABELS_FILE);
  return existsSync(path)
    ? readLabels(readFileSync(path)).merged !== null
    : (foreignClassifier(folder)?.isWhole ?? false);
}
