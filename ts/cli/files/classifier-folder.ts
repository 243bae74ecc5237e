import { type Command, Option } from "commander";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type LoadClassifierOptions, type SentenceEncoder, TextClassifier, TokenClassifier } from "../../entry/node.js";
import { ConfigError, ModelError } from "../../errors/errors.js";
import type { FileMap } from "../../io/file-map.js";
import { parseJsonObject } from "../../io/json.js";
import { builds } from "../../jobs/spec/training-settings.js";
import { labelsOf } from "../../tasks/classifier-files.js";
import { LABELS_FILE, readLabels } from "../../tasks/labels-file.js";
import { poolingOf } from "../../tasks/open-classifier.js";
import { tokenLabelsOf } from "../../tasks/tokens/open-tokens.js";
import { findModel, loadEncoder, recordedModel } from "./base-model.js";
import { type EngineOptions, REVECTORIZE_HELP, startEngine } from "../engine-start.js";
import { threadCount } from "../options/option-values.js";
import { newestRun, readClassifier } from "./run-folder.js";
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
    .addOption(new Option("--build <name>", "kernels").choices(builds).default("auto"))
    .option("--threads <n>", 'or "auto"', threadCount, "auto" as const)
    .option("--revectorize", REVECTORIZE_HELP);
}

/** Adds what `openClassifier` needs. */
export function addClassifierOptions(command: Command): Command {
  return addEngineOptions(
    command
      .option("--run <folder>", "folder of a run (default: the newest under runs/)")
      .option(
        "--model <name>",
        "folder or name of the base model (default: the one that the run names); or, without --run, the folder of a merged model with its head",
      )
      .option("--allow-other-base", "take a base whose weights are not those that the run was trained on", false),
  );
}

/** A run's classifier of texts, ready to use, and the folder it came from. The caller disposes of its encoder. */
export const openClassifier = (options: ClassifierOptions, session: Session) =>
  open(options, session, false, TextClassifier.load.bind(TextClassifier));

/** The same of tokens; a checkpoint with such a head, as a merged run is, as it is. */
export async function openTokenClassifier(options: ClassifierOptions, session: Session) {
  const folder = classifierFolder(options);
  if (tokenLabels(folder) === null) return open(options, session, true, TokenClassifier.load.bind(TokenClassifier));
  const { model = folder } = options;
  if (model !== folder)
    throw new ConfigError(`--model ${model}: ${folder} is a whole model, which no other base is put below`, {
      option: "--model",
      value: model,
    });
  await startEngine(options);
  const { signal } = session;
  return { folder, classifier: await TokenClassifier.open(folder, { signal }) };
}

/** Whether a run's classifier labels words. */
export function labelsTokens(folder: string): boolean {
  const path = join(folder, LABELS_FILE);
  return existsSync(path) ? readLabels(readFileSync(path)).tokens : tokenLabels(folder) !== null;
}

/** Labels of a folder that is a whole model with a head for tokens, such as a run that was merged; null for others. */
function tokenLabels(folder: string): readonly string[] | null {
  const path = join(folder, "config.json");
  if (existsSync(join(folder, LABELS_FILE)) || existsSync(join(folder, "adapter_config.json")) || !existsSync(path))
    return null;
  const fail = (problem: string, cause?: unknown) => new ModelError(`${path}: ${problem}`, { path }, { cause });
  const config = parseJsonObject(new Uint8Array(readFileSync(path)), fail);
  return tokenLabelsOf(folder, config);
}

/** Labels that a run learnt. */
export const trainedLabels = (folder: string): ReadonlySet<string> =>
  new Set(tokenLabels(folder) ?? readLabels(readFileSync(join(folder, LABELS_FILE))).labels);

async function open<C>(
  options: ClassifierOptions,
  session: Session,
  tokens: boolean,
  load: (encoder: SentenceEncoder, files: FileMap, options: LoadClassifierOptions) => C,
): Promise<{ readonly folder: string; readonly classifier: C }> {
  const { model, allowOtherBase = false } = options;
  const folder = classifierFolder(options);
  const files = readClassifier(folder);
  const labels = labelsOf(files, tokens);
  const recorded = recordedModel(folder, model ?? (labels.merged === null ? undefined : folder));
  await startEngine(options);
  const found = await findModel(recorded.model, session);
  const encoder = await loadEncoder(found, 0, recorded.maxTokens, session, poolingOf(labels));
  try {
    return { folder, classifier: load(encoder, files, { allowOtherBase }) };
  } catch (error) {
    encoder.dispose();
    throw error;
  }
}

/** The run's folder, or that of a merged model with its head, else the newest run's. */
export function classifierFolder({ run, model }: Pick<ClassifierOptions, "run" | "model">): string {
  return run ?? (model !== undefined && isServed(model) ? model : newestRun());
}

/** Whether a model has its adapter merged in and its head beside it. */
function isServed(folder: string): boolean {
  const path = join(folder, LABELS_FILE);
  return existsSync(path) ? readLabels(readFileSync(path)).merged !== null : tokenLabels(folder) !== null;
}
