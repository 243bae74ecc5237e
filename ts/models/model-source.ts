import { ModelError } from "../errors.js";
import { bytesSource, type ByteSource } from "../io/byte-source.js";
import type { FileMap } from "../io/file-map.js";

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

/** Called once by the entry point of a runtime that has more than addresses: Node's has folders, a cache and the hub. */
export function setModelLocator(find: ModelLocator): void {
  locator = find;
}

/** Any of the accepted forms as a source: files in memory, a source, or a string for the runtime to interpret. */
export async function modelSource(source: string | FileMap | ModelSource): Promise<ModelSource> {
  if (typeof source === "string") return locator(source);
  if (typeof (source as ModelSource).open === "function") return source as ModelSource;
  const files = source as FileMap;
  return {
    name: "model",
    open: async (file) => (Object.hasOwn(files, file) ? bytesSource(files[file]!) : null),
  };
}

/** A folder behind an address: `${address}/config.json` and so on. */
export function addressSource(address: string): ModelSource {
  return {
    name: address,
    open: async (file) => {
      const url = `${address.replace(/\/$/, "")}/${file}`;
      const response = await fetch(url).catch((cause: unknown) => {
        throw new ModelError(`model ${address}: ${url} could not be fetched: ${String(cause)}`, { url }, { cause });
      });
      if (response.status === 404) return null;
      if (!response.ok) throw new ModelError(`model ${address}: ${url} answered ${response.status}`, { url });
      return bytesSource(new Uint8Array(await response.arrayBuffer()));
    },
  };
}

/** A file that must be there, whole. Throws `ModelError` where it is not. */
export async function readRequired(source: ModelSource, file: string): Promise<ByteSource> {
  const found = await source.open(file);
  if (found !== null) return found;
  throw new ModelError(
    `model ${source.name}: ${file} is missing; an encoder in Hugging Face's layout has config.json, tokenizer.json and model.safetensors`,
    { model: source.name, file },
  );
}

/** A JSON object from a file; null where an optional one is missing. Throws `ModelError` where it is no JSON object. */
export async function readJson(source: ModelSource, file: string): Promise<Record<string, unknown> | null> {
  const found = await source.open(file);
  return found === null ? null : parseJson(source, file, found);
}

/** A JSON object from a file that must be there. Throws `ModelError` where it is missing or no JSON object. */
export async function readRequiredJson(source: ModelSource, file: string): Promise<Record<string, unknown>> {
  return parseJson(source, file, await readRequired(source, file));
}

async function parseJson(source: ModelSource, file: string, found: ByteSource): Promise<Record<string, unknown>> {
  const text = new TextDecoder().decode(await found.read(0, found.size));
  await found.close?.();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ModelError(`model ${source.name}: ${file} is no JSON: ${String(cause)}`, { file }, { cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ModelError(`model ${source.name}: ${file} must hold a JSON object`, { file });
  }
  return value as Record<string, unknown>;
}
