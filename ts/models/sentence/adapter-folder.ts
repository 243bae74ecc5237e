import { ConfigError, ModelError, UnsupportedError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import { readRange } from "../../io/byte-source.js";
import { type FileMap, providedFiles } from "../../io/file-access.js";
import { type ModelSource, readJson, watchedSource, type Watcher } from "../../io/model-source.js";
import { modelSource } from "../../io/model-locator.js";
import { inHuggingFaceLayout } from "../gguf/index.js";

/** A model that is PEFT's adapter on another model. */
export interface AdapterFolder {
  /** The base's weights and config.json; other files are the folder's own if it is sentence-transformers'. */
  readonly source: ModelSource;
  /** PEFT's files. */
  readonly adapter: FileMap;
}

const CONFIG = "adapter_config.json";
const FILES = [CONFIG, "adapter_model.safetensors"];

/** Whether a file describes the network or has its weights; an adapter's folder has neither. */
const isOfBase = (file: string) => file === "config.json" || /^[^/]*\.(safetensors(\.index\.json)?|gguf)$/.test(file);

/**
 * Opens a folder with PEFT's adapter in place of weights, as sentence-transformers saves a model with an adapter; null if it has none.
 * Without modules.json all other files are the base's.
 *
 * @param model the base; default: what adapter_config.json names, a path relative to the folder or to the working directory
 * Throws `ConfigError` if no base is named, `ModelError` if it is not found.
 */
export async function openAdapterFolder(
  from: ModelSource,
  model: string | FileMap | ModelSource | undefined,
  watcher: Watcher,
): Promise<AdapterFolder | null> {
  const config = await readJson(from, CONFIG);
  if (config === null) return null;
  const adapter: Record<string, Uint8Array> = {};
  for (const name of FILES) {
    const found = await from.open(name);
    if (found === null) continue;
    try {
      adapter[name] = new Uint8Array(await readRange(found, 0, found.size, name));
    } finally {
      await found.close?.();
    }
  }
  const base = await (typeof model === "object"
    ? modelSource(model, watcher).then((source) => inHuggingFaceLayout(watchedSource(source, watcher)))
    : baseOf(from, model ?? config["base_model_name_or_path"], watcher));
  const [modules, tokenizer] = [await has(from, "modules.json"), await has(from, "tokenizer.json")];
  const isBases = (file: string) =>
    isOfBase(file) || (file.startsWith("tokenizer") ? !tokenizer : !modules && !file.startsWith("adapter_"));
  const { explainMissing, made } = base;
  const source = {
    name: base.name,
    folderOf: (file: string) => (isBases(file) ? base : from).name,
    open: (file: string) => (isBases(file) ? base : from).open(file),
    ...(explainMissing && { explainMissing }),
    ...(made && { made: (file: string) => (isBases(file) ? made(file) : undefined) }),
  };
  return { source, adapter };
}

async function has(from: ModelSource, file: string): Promise<boolean> {
  const found = await from.open(file);
  await found?.close?.();
  return found !== null;
}

async function baseOf(from: ModelSource, model: unknown, watcher: Watcher): Promise<ModelSource> {
  const advice = "name its base with the option `model`";
  if (model === undefined || model === null || model === "")
    throw new ConfigError(`load: ${clip(from.name)} is an adapter that does not say which model it is for: ${advice}`, {
      op: "load",
      option: "model",
      value: model,
    });
  if (typeof model !== "string")
    throw new ModelError(
      `load: ${clip(from.name)}: ${CONFIG}: base_model_name_or_path must be a string, got ${excerpt(model)}`,
      { model: from.name, file: CONFIG },
    );
  // PEFT reads a relative path from the working directory; folders that were moved together have it relative to themselves.
  const beside = providedFiles()?.folder(`${from.name}/${model}`) ?? null;
  if (beside !== null && (await has(beside, "config.json"))) return watchedSource(beside, watcher);
  try {
    const found = await inHuggingFaceLayout(watchedSource(await modelSource(model, watcher), watcher));
    // The first file is where an address without files is noticed.
    if (await has(found, "config.json")) return found;
    throw new ModelError(`${clip(model)} has no config.json`, { model, file: "config.json" });
  } catch (cause) {
    if (!(cause instanceof ModelError || cause instanceof ConfigError || cause instanceof UnsupportedError))
      throw cause;
    throw new ModelError(
      `load: ${clip(from.name)} is an adapter for ${clip(model)}: ${cause.message}; or ${advice}`,
      { op: "load", model, option: "model" },
      { cause },
    );
  }
}
