import type { Command } from "commander";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileSource } from "../../io/node/file-source.js";
import { type LocalModel, readFileMap } from "../../io/node/index.js";
import type { SentenceEncoder } from "../../models/sentence/sentence-encoder.js";
import { ConfigError, withFolder } from "../../errors/errors.js";
import { LABELS_FILE, labelsOf } from "../../tasks/head/classifier-files.js";
import { withoutClasses } from "../../tasks/head/transformers-head.js";
import { checkBase } from "../../tasks/head/classifier-parts.js";
import { runFiles } from "../../training/store/run-store.js";
import { DEFAULT_MODEL } from "../../training/spec/shared-fields.js";
import { type EngineOptions, startEngine } from "../engine-start.js";
import { refuseFolds } from "../inspected/inspected-folds.js";
import type { Session } from "../session.js";
import { findModel, isCrossEncoder, loadEncoder, recordedModel, SENTENCE_SETTINGS } from "./base-model.js";

/** Which encoder makes vectors, and with which adapter. */
export interface EncoderOptions extends EngineOptions {
  readonly model?: string;
  readonly adapter?: string;
  /** Name of the adapter in the encoder; default "adapter". */
  readonly adapterName?: string;
  readonly allowOtherBase?: boolean;
}

/** Adds what `openEncoder` needs, besides the engine's options. */
export function addEncoderOptions(command: Command): Command {
  return command
    .option("--model <name>", `folder or name of the model (default: the adapter's, else ${DEFAULT_MODEL})`)
    .option("--adapter <folder>", "apply the adapter in this folder (of PEFT or a run), without its head")
    .option(
      "--allow-other-base",
      "accept a base with other weights or another tokenizer than in the adapter's training",
      false,
    );
}

/** Loads an encoder with its adapter. The caller disposes of it. */
export async function openEncoder(options: EncoderOptions, session: Session): Promise<SentenceEncoder> {
  const { adapter, adapterName = "adapter", allowOtherBase = false } = options;
  const load = adapter === undefined ? null : encoderAdapter(adapter, adapterName, allowOtherBase);
  const alone = { model: options.model ?? DEFAULT_MODEL, maxTokens: null };
  const { model, maxTokens } = adapter === undefined ? alone : recordedModel(adapter, options.model);
  await startEngine(options);
  const found = await findModel(model, session);
  const encoder = await loadEncoder(adapter === undefined ? found : withPrompts(found, adapter), 0, maxTokens, session);
  try {
    load?.(encoder);
    return encoder;
  } catch (error) {
    encoder.dispose();
    throw error;
  }
}

/** Reads the adapter of a folder. Returns what loads it into an encoder. */
export function encoderAdapter(
  folder: string,
  name: string,
  allowOtherBase: boolean,
): (encoder: SentenceEncoder) => void {
  refuseFolds(folder);
  refuseCrossEncoder(folder);
  const files = readFileMap(folder, [...runFiles.adapter, LABELS_FILE]);
  return (encoder) => {
    // Vectors need no head.
    try {
      encoder.loadAdapter(name, withoutClasses(files, {}, encoder.headPlan));
    } catch (error) {
      throw withFolder(error, folder, runFiles.adapter);
    }
    // A run records its base; PEFT's files do not.
    if (!allowOtherBase && Object.hasOwn(files, LABELS_FILE)) checkBase(encoder, labelsOf(files, null));
  };
}

/** Throws `ConfigError` for a cross-encoder's adapter: it was trained on two texts at once, and its vectors mean nothing. */
function refuseCrossEncoder(adapter: string): void {
  if (!isCrossEncoder(adapter)) return;
  throw new ConfigError(
    `${adapter} is a cross-encoder, which scores texts for a query and makes no vectors; \`lowrank predict --run ${adapter}\` uses it`,
    { folder: adapter },
  );
}

/** A base with the prompts that an adapter was trained with. */
function withPrompts(model: LocalModel, adapter: string): LocalModel {
  const path = join(adapter, SENTENCE_SETTINGS);
  if (!existsSync(path)) return model;
  return { ...model, open: async (file) => (file === SENTENCE_SETTINGS ? fileSource(path) : model.open(file)) };
}
