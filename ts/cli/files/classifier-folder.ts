import { type Command, Option } from "commander";
import { type FileMap, TextClassifier } from "../../entry/node.js";
import { builds } from "../../jobs/training-settings.js";
import { type PoolingMode, poolingModes } from "../../models/sentence/pooling.js";
import { findModel, loadEncoder, recordedModel } from "./base-model.js";
import { type EngineOptions, REVECTORIZE_HELP, startEngine } from "../engine-start.js";
import { threadCount } from "../options/option-values.js";
import { newestRun, readClassifier } from "./run-folder.js";
import type { Session } from "../session.js";

/** Options of the commands that use a trained classifier. */
export interface ClassifierOptions extends EngineOptions {
  readonly run?: string;
  readonly model?: string;
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
      .option("--model <name>", "folder or name of the base model (default: the one that the run names)"),
  );
}

/** A run's classifier, ready to use, and the folder it came from. The caller disposes of its encoder. */
export async function openClassifier(options: ClassifierOptions, session: Session) {
  const folder = options.run ?? newestRun();
  const files = readClassifier(folder);
  const recorded = options.model === undefined ? recordedModel(folder) : { model: options.model, maxTokens: null };
  await startEngine(options);
  const found = await findModel(recorded.model, session);
  const encoder = await loadEncoder(found, 0, recorded.maxTokens, session, recordedPooling(files));
  try {
    return { folder, classifier: TextClassifier.load(encoder, files) };
  } catch (error) {
    encoder.dispose();
    throw error;
  }
}

/** The pooling of the vectors that a head was trained on; undefined, for the model's own, where its files name no single one. */
function recordedPooling(files: FileMap): PoolingMode | undefined {
  try {
    const { pooling } = JSON.parse(new TextDecoder().decode(files["labels.json"])) as { pooling?: unknown };
    return poolingModes.find((mode) => mode === pooling);
  } catch {
    // `TextClassifier.load` says what is wrong with it.
    return undefined;
  }
}
