import { checkRecord } from "../arguments/collections.js";
import { ConfigError, ModelError } from "../errors/errors.js";
import { clip, excerpt } from "../errors/excerpt.js";
import { bytesSource, type ByteSource, checkSource, readRange } from "./byte-source.js";
import type { FileMap } from "./file-map.js";
import { type Json, parseJsonObject } from "./json.js";
import { callable, whole } from "../arguments/settings.js";

/** Where a model's files come from: a folder, a page's uploads, a bucket. */
export interface ModelSource {
  /** What error messages call the model, and what adapters name as their base. */
  readonly name: string;
  /** The file, or null where the model has none of that name. */
  open(file: string): Promise<ByteSource | null>;
}

/** Finds the source behind a string; each entry point of the package sets its own. */
export type ModelLocator = (name: string) => ModelSource | Promise<ModelSource>;

let locator: ModelLocator = addressSource;

/**
 * Called once by the entry point of a runtime that has more than addresses: Node's has folders, a cache and the hub.
 * Throws `ConfigError` for what is no function.
 */
export function setModelLocator(find: ModelLocator): void {
  locator = callable("setModelLocator", "find", find);
}

/**
 * Any of the accepted forms as a source: files in memory, a source, or a string for the runtime to interpret. Throws
 * `ConfigError` for anything else.
 */
export async function modelSource(source: string | FileMap | ModelSource): Promise<ModelSource> {
  const found: unknown = typeof source === "string" ? await locator(source) : source;
  checkRecord("a model is a string, files by name or a ModelSource", found);
  // Its methods may stand in a class, and use `this`.
  if (typeof found["open"] === "function") return checkedSource(found as unknown as ModelSource);
  const files = { ...found };
  return checkedSource({
    name: "model",
    open: async (file) => (Object.hasOwn(files, file) ? bytesSource(files[file] as Uint8Array) : null),
  });
}

/** A source as anybody may have written it: what it opens is looked at before it is used. */
function checkedSource(source: ModelSource): ModelSource {
  const { name } = source;
  if (typeof name !== "string")
    throw new ConfigError(`a ModelSource has a name, got ${excerpt(name)}`, {
      op: "ModelSource",
      option: "name",
      expected: "a string",
      value: name,
    });
  const open = async (file: string) => {
    const found: ByteSource | null | undefined = await source.open(file);
    if (found === null || found === undefined) return null;
    const what = `model ${clip(name)}: ${file}`;
    checkSource(what, found);
    whole(what, "size", found.size);
    return found;
  };
  return { name, open };
}

/** A folder behind an address: `${address}/config.json` and so on. */
export function addressSource(address: string): ModelSource {
  return {
    name: address,
    open: async (file) => {
      const url = `${address.replace(/\/$/, "")}/${file}`;
      const response = await fetch(url).catch((cause: unknown) => {
        throw new ModelError(
          `model ${clip(address)}: ${clip(url)} could not be fetched: ${clip(String(cause))}`,
          { url },
          { cause },
        );
      });
      if (response.status === 404) return null;
      if (!response.ok)
        throw new ModelError(`model ${clip(address)}: ${clip(url)} answered ${response.status}`, { url });
      return bytesSource(new Uint8Array(await response.arrayBuffer()));
    },
  };
}

/** A file that must be there, whole. Throws `ModelError` where it is not. */
export async function readRequired(source: ModelSource, file: string): Promise<ByteSource> {
  const found = await source.open(file);
  if (found !== null) return found;
  throw new ModelError(
    `model ${clip(source.name)}: ${file} is missing; an encoder in Hugging Face's layout has config.json, tokenizer.json and model.safetensors`,
    { model: source.name, file },
  );
}

type JsonObject = { readonly [key: string]: Json };

/** A JSON object from a file; null where an optional one is missing. Throws `ModelError` where it is no JSON object. */
export async function readJson(source: ModelSource, file: string): Promise<JsonObject | null> {
  const found = await source.open(file);
  return found === null ? null : parseFile(source, file, found);
}

/** A JSON object from a file that must be there. Throws `ModelError` where it is missing or no JSON object. */
export async function readRequiredJson(source: ModelSource, file: string): Promise<JsonObject> {
  return parseFile(source, file, await readRequired(source, file));
}

async function parseFile(source: ModelSource, file: string, found: ByteSource): Promise<JsonObject> {
  const fail = (problem: string, cause?: unknown) =>
    new ModelError(`model ${clip(source.name)}: ${file}: ${problem}`, { model: source.name, file }, { cause });
  try {
    return parseJsonObject(await readRange(found, 0, found.size, file), fail);
  } finally {
    await found.close?.();
  }
}
