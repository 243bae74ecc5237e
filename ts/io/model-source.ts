import { checkRecord } from "../arguments/collections.js";
import { addressSource } from "./address-source.js";
import { ConfigError, ModelError } from "../errors/errors.js";
import { clip, excerpt } from "../errors/excerpt.js";
import { bytesSource, type ByteSource, checkBytes, checkSource, readRange } from "./byte-source.js";
import type { FileMap } from "./file-map.js";
import { isGgufName } from "./gguf-name.js";
import { type Json, type JsonFailure, parseJson, parseJsonObject } from "./json.js";
import { callable, whole } from "../arguments/settings.js";
import type { Watcher } from "./watched-source.js";

/** A source of a model's files: a folder, a page's uploads, a bucket. */
export interface ModelSource {
  /** The model's name in error messages, and as the base of adapters. */
  readonly name: string;
  /** Opens a file; null if the model has none of that name. */
  open(file: string): Promise<ByteSource | null>;
  /** @internal A hint for the error about a required file that is missing. */
  readonly explainMissing?: (file: string) => string;
  /** @internal A JSON file that was generated, parsed; undefined for files with bytes. */
  readonly made?: (file: string) => JsonObject | undefined;
  /** Opens the whole model, if it is one GGUF file. */
  readonly gguf?: () => ByteSource | Promise<ByteSource>;
}

/** Finds the source for a string; each entry point of the package sets its own. */
export type ModelLocator = (name: string, watcher?: Watcher) => ModelSource | Promise<ModelSource>;

let locator: ModelLocator = addressSource;

/**
 * Sets how a runtime finds a model by a string. Called once by entry points with more than URLs: Node's has folders, a cache and the hub.
 * Throws `ConfigError` for anything but a function.
 */
export function setModelLocator(find: ModelLocator): void {
  locator = callable("setModelLocator", "find", find);
}

/**
 * Any accepted form as a source: files in memory, a source, or a string, which the runtime may have to download; the watcher gets its
 * progress. Throws `ConfigError` for anything else.
 */
export async function modelSource(source: string | FileMap | ModelSource, watcher: Watcher = {}): Promise<ModelSource> {
  const found: unknown = typeof source === "string" ? await locator(source, watcher) : source;
  checkRecord("a model is a string, files by name or a ModelSource", found);
  // They may be methods of a class and use `this`.
  if (typeof found["open"] === "function") return checkedSource(found as unknown as ModelSource);
  const files = { ...found };
  const open = async (file: string) => {
    const bytes = Object.hasOwn(files, file) ? (files[file] ?? null) : null;
    if (bytes === null) return null;
    checkBytes(`model: ${file}`, bytes);
    return bytesSource(bytes);
  };
  const gguf = Object.hasOwn(files, "config.json") ? undefined : Object.keys(files).find(isGgufName);
  return checkedSource({
    name: "model",
    open,
    ...(gguf !== undefined && { gguf: async () => (await open(gguf)) ?? bytesSource(new Uint8Array(0)) }),
  });
}

/** A user's source: what it opens is checked before use. */
function checkedSource(source: ModelSource): ModelSource {
  const { name } = source;
  if (typeof name !== "string")
    throw new ConfigError(`a ModelSource has a name, got ${excerpt(name)}`, {
      op: "ModelSource",
      option: "name",
      expected: "a string",
      value: name,
    });
  const checked = async (file: string, found: ByteSource | null | undefined) => {
    if (found === null || found === undefined) return null;
    const what = `model ${clip(name)}: ${file}`;
    checkSource(what, found);
    try {
      whole(what, "size", found.size);
    } catch (error) {
      await found.close?.();
      throw error;
    }
    return found;
  };
  return {
    name,
    open: async (file) => checked(file, await source.open(file)),
    ...(typeof source.explainMissing === "function" && { explainMissing: source.explainMissing }),
    ...(typeof source.made === "function" && { made: source.made }),
    ...(typeof source.gguf === "function" && {
      gguf: async () => {
        const found = await checked("its GGUF file", await source.gguf!());
        if (found !== null) return found;
        throw new ModelError(`model ${clip(name)}: its GGUF file is not there`, { model: name });
      },
    }),
  };
}

/** A required file, whole. Throws `ModelError` if it is missing. */
export async function readRequired(source: ModelSource, file: string): Promise<ByteSource> {
  const found = await source.open(file);
  if (found !== null) return found;
  const why = source.explainMissing?.(file) ?? "";
  throw new ModelError(
    `model ${clip(source.name)}: ${file} is missing${why}; an encoder in Hugging Face's layout has config.json, tokenizer.json and model.safetensors`,
    { model: source.name, file },
  );
}

type JsonObject = { readonly [key: string]: Json };

/** A JSON object from an optional file; null if missing. Throws `ModelError` for other contents. */
export async function readJson(source: ModelSource, file: string): Promise<JsonObject | null> {
  const found = await source.open(file);
  return found === null ? null : parseFile(source, file, found);
}

/** A JSON object from a required file. Throws `ModelError` if it is missing or has other contents. */
export async function readRequiredJson(source: ModelSource, file: string): Promise<JsonObject> {
  return source.made?.(file) ?? parseFile(source, file, await readRequired(source, file));
}

/** A JSON list from an optional file; null if missing. Throws `ModelError` for other contents. */
export async function readJsonList(source: ModelSource, file: string): Promise<readonly Json[] | null> {
  const found = await source.open(file);
  return found === null ? null : parseFile(source, file, found, parseList);
}

function parseList(bytes: Uint8Array, fail: JsonFailure): readonly Json[] {
  const list = parseJson(bytes, fail);
  if (Array.isArray(list)) return list;
  throw fail(`a JSON list is expected, got ${excerpt(list)}`);
}

/** An optional text file, whole; null if missing. Throws `ModelError` if it is not UTF-8. */
export async function readText(source: ModelSource, file: string): Promise<string | null> {
  const found = await source.open(file);
  return found === null ? null : parseFile(source, file, found, decodeText);
}

function decodeText(bytes: Uint8Array, fail: JsonFailure): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw fail("expected text in UTF-8", cause);
  }
}

async function parseFile<T = JsonObject>(
  source: ModelSource,
  file: string,
  found: ByteSource,
  parse: (bytes: Uint8Array, fail: JsonFailure) => T = parseJsonObject as typeof parse,
): Promise<T> {
  const fail = (problem: string, cause?: unknown) =>
    new ModelError(`model ${clip(source.name)}: ${file}: ${problem}`, { model: source.name, file }, { cause });
  try {
    return parse(await readRange(found, 0, found.size, file), fail);
  } finally {
    await found.close?.();
  }
}
