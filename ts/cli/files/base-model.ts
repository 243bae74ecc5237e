import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isRecord } from "../../arguments/settings.js";
import { SentenceEncoder } from "../../entry/node.js";
import { ConfigError } from "../../errors/errors.js";
import type { FileMap } from "../../io/file-access.js";
import type { Json } from "../../io/json.js";
import { type LocalModel, resolveModel } from "../../io/node/index.js";
import type { OpenTensorFile } from "../../io/safetensors/index.js";
import { modelTypeOf } from "../../merging/orientation.js";
import type { PoolingMode } from "../../models/sentence/pooling.js";
import { LABELS_FILE } from "../../tasks/head/classifier-files.js";
import { runFiles } from "../../training/store/run-store.js";
import { hearSignals, type Session } from "../session.js";
import type { KnownColumn } from "../tables/text-input.js";
import { ProgressReporter } from "../terminal/progress-bar.js";

/** A model's weights, of any architecture, and their files. */
export interface BaseWeights {
  readonly model: LocalModel;
  /** Files in the model's folder, by name. */
  readonly files: ReadonlyMap<string, OpenTensorFile>;
  /** All of them as one. */
  readonly tensors: OpenTensorFile;
  /** Name and content of model.safetensors.index.json; null if there is none. */
  readonly index: { readonly file: string; readonly json: { readonly [key: string]: Json } } | null;
  /** Other files of a model that are not in a folder, by name: those from a GGUF file's metadata. */
  readonly companions?: FileMap;
  /** Whether its tensors are the original ones, or dequantised from a GGUF file. */
  readonly kind: "own" | "dequantised";
  /** config.json; null if there is none. */
  readonly config: { readonly [key: string]: Json } | null;
  close(): Promise<void>;
}

/** What an adapter's own base is compared with: a model's name, and its model_type, null if config.json has none. */
export const familyOf = ({
  model,
  config,
}: { readonly model: { readonly name: string } } & Pick<BaseWeights, "config">) => ({
  name: model.name,
  modelType: modelTypeOf(config),
});

/** Finds a model: in a folder or the cache, or downloads it with progress. */
export async function findModel(name: string, session: Session, quiet = false): Promise<LocalModel> {
  const { terminal, signal } = session;
  const download = new ProgressReporter(terminal, (line) => terminal.error(line), quiet).download();
  try {
    return await resolveModel(name, { onProgress: download.onProgress, signal });
  } finally {
    download.stop();
  }
}

/** Loads an encoder; `maxTokens` null and no `pooling`: the model's own. The caller disposes of it. */
export async function loadEncoder(
  model: LocalModel,
  seed: number,
  maxTokens: number | null,
  session: Session,
  pooling?: PoolingMode,
): Promise<SentenceEncoder> {
  await hearSignals(session);
  const encoder = await SentenceEncoder.load(model, {
    seed,
    signal: session.signal,
    ...(maxTokens === null ? {} : { maxTokens }),
    ...(pooling === undefined ? {} : { pooling }),
  });
  try {
    await hearSignals(session);
    return encoder;
  } catch (error) {
    encoder.dispose();
    throw error;
  }
}

/** The base model in a run's report, its labels.json or an adapter's configuration. */
export interface RecordedModel {
  readonly model: string;
  readonly maxTokens: number | null;
}

/** The base of an adapter, unless another is named. Throws `ConfigError` if the folder does not name one. */
export function recordedModel(folder: string, given?: string): RecordedModel {
  const report = readObject(join(folder, runFiles.report));
  const { model, settings } = report as { model?: { source?: unknown }; settings?: { maxTokens?: unknown } };
  const labels = readObject(join(folder, LABELS_FILE)) as { maxTokens?: unknown; base?: { name?: unknown } | null };
  const kept = labels.maxTokens ?? settings?.maxTokens;
  const maxTokens = typeof kept === "number" ? kept : null;
  if (given !== undefined) return { model: given, maxTokens };
  if (typeof model?.source === "string") return { model: model.source, maxTokens };
  const base = readObject(join(folder, "adapter_config.json"))["base_model_name_or_path"];
  if (typeof base === "string" && base !== "") return { model: base, maxTokens };
  const trained = labels.base?.name;
  if (typeof trained === "string" && trained !== "") return { model: trained, maxTokens };
  if (!["adapter_config.json", LABELS_FILE].some((name) => existsSync(join(folder, name))))
    throw new ConfigError(`${folder} is not an adapter's folder: it has no adapter_config.json`, { folder });
  throw new ConfigError(`${folder} does not say which model its adapter is for: name it with --model`, { folder });
}

/** The task in a run's report; undefined if there is none. */
export const reportedTask = (run: string): unknown => readObject(join(run, runFiles.report))["task"];

/** Whether a folder has an adapter and no model. */
export const isAdapter = (folder: string): boolean =>
  existsSync(join(folder, "adapter_config.json")) && !existsSync(join(folder, "config.json"));

/** The file in which sentence-transformers says what a folder is, with its prompts. */
export const SENTENCE_SETTINGS = "config_sentence_transformers.json";

/** Whether a folder has a cross-encoder, whole or as an adapter, by sentence-transformers' file. */
export const isCrossEncoder = (folder: string): boolean =>
  readObject(join(folder, SENTENCE_SETTINGS))["model_type"] === "CrossEncoder";

/** The column of texts in a run's report. */
export function columnOf(run: string): KnownColumn {
  const { settings } = readObject(join(run, runFiles.report)) as { settings?: { text?: unknown } };
  return { run, text: typeof settings?.text === "string" ? settings.text : undefined };
}

/** Names of columns in a run's report, by their standard names. */
export function fieldsOf(run: string): Readonly<Record<string, string>> {
  const { settings } = readObject(join(run, runFiles.report)) as { settings?: { fields?: unknown } };
  const fields = settings?.fields;
  if (!isRecord(fields)) return {};
  return Object.fromEntries(
    Object.entries(fields).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}

/** A JSON object in a file; empty if there is none. */
export function readObject(path: string): Record<string, unknown> {
  if (!existsSync(path)) return {};
  try {
    return (JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown> | null) ?? {};
  } catch {
    // The loaders report a damaged configuration; a damaged report is ignored here.
    return {};
  }
}
