import { ModelError, withFolder } from "../errors/errors.js";
import { clip, excerpt } from "../errors/excerpt.js";
import { orAborted, throwIfAborted } from "../waiting/abort.js";
import { breather } from "../waiting/next-task.js";
import { type ByteSource, readRange } from "./byte-source.js";
import { type Json, type JsonFailure, type JsonRules, parseJson, parseJsonObject } from "./json.js";

/** The model class in a config.json, such as "BertForMaskedLM"; null if missing. */
export function architectureOf(config: Readonly<Record<string, unknown>> | null): unknown {
  const { architectures } = config ?? {};
  return Array.isArray(architectures) ? ((architectures as unknown[])[0] ?? null) : null;
}

/** A source of a model's files: a folder, a page's uploads, a bucket. */
export interface ModelSource {
  /** The model's name in error messages, and as the base of adapters. */
  readonly name: string;
  /** Names the folder of a file in error messages, where files of one model lie in two; default: `name`. */
  readonly folderOf?: (file: string) => string;
  /** Opens a file; null if the model has none of that name. */
  open(file: string): Promise<ByteSource | null>;
  /** @internal A hint for the error about a required file that is missing. */
  readonly explainMissing?: (file: string) => string;
  /** @internal A JSON file that was generated, parsed; undefined for files with bytes. */
  readonly made?: (file: string) => JsonObject | undefined;
  /** Opens the whole model, if it is one GGUF file. */
  readonly gguf?: () => ByteSource | Promise<ByteSource>;
}

/** The name of the folder that a file lies in, shortened for error messages. */
export const folderOf = (source: ModelSource, file: string): string => clip(source.folderOf?.(file) ?? source.name);

/** A required file, whole. Throws `ModelError` if it is missing. */
export async function readRequired(source: ModelSource, file: string): Promise<ByteSource> {
  const found = await source.open(file);
  if (found !== null) return found;
  const why = source.explainMissing?.(file) ?? "";
  throw new ModelError(
    `model ${folderOf(source, file)}: ${file} is missing${why}; an encoder in Hugging Face's layout has config.json, tokenizer.json and model.safetensors`,
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

/** Runs what reads the values of a file. Errors that begin with the file's name begin with the model's folder then, as those of its JSON do. */
export async function namingFolder<T>(source: ModelSource, file: string, run: () => T | Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw withFolder(error, `model ${source.folderOf?.(file) ?? source.name}`, [file]);
  }
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
  parse: (bytes: Uint8Array, fail: JsonFailure, rules: JsonRules) => T = parseJsonObject as typeof parse,
): Promise<T> {
  const fail = (problem: string, cause?: unknown) =>
    new ModelError(`model ${folderOf(source, file)}: ${file}: ${problem}`, { model: source.name, file }, { cause });
  try {
    // config.json and config_sentence_transformers.json have the labels of people's tables, which may be cut inside a pair.
    return parse(await readRange(found, 0, found.size, file), fail, { loneSurrogates: file.startsWith("config") });
  } finally {
    await found.close?.();
  }
}

/** Required files of a model in Hugging Face's layout. */
export const requiredFiles = ["config.json", "tokenizer.json", "model.safetensors"] as const;

/** Optional files. */
export const optionalFiles = [
  "tokenizer_config.json",
  "generation_config.json",
  "chat_template.jinja",
  "modules.json",
  "1_Pooling/config.json",
  "2_Dense/config.json",
  "2_Dense/model.safetensors",
  "sentence_bert_config.json",
  "config_sentence_transformers.json",
] as const;

/** The largest tokenizers have about 35 MB. */
const LONGEST_TEXT = 128 * 1024 * 1024;

/** Maximum bytes of a file of unknown size: a server may send without end. */
export const mostBytes = (file: string): number =>
  /\.(safetensors|gguf)(?:[?#].*)?$/i.test(file) ? Infinity : LONGEST_TEXT;

/** Progress of downloading or reading a model's files. */
export interface LoadProgress {
  /** The file's name. */
  readonly file: string;
  /** Bytes done. */
  readonly done: number;
  /** Total bytes; if the server does not tell, the bytes done. Above 0 unless the file is empty. */
  readonly total: number;
}

/** Progress and cancellation of a load. */
export interface Watcher {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
}

/** A source that reports its reading, and throws `AbortError` within a tensor, or while the source is slow. */
export function watchedSource(source: ModelSource, { signal, onProgress }: Watcher): ModelSource {
  const breathe = breather(signal);
  const watched = (file: string, found: ByteSource): ByteSource => {
    let done = 0;
    return {
      size: found.size,
      async read(offset, length) {
        await breathe();
        const bytes = await orAborted(() => found.read(offset, length), signal);
        // A range that is read twice counts once.
        done = Math.min(found.size, done + length);
        onProgress?.({ file, done, total: found.size });
        return bytes;
      },
      close: async () => found.close?.(),
    };
  };
  const watching = async (file: string, open: () => ByteSource | null | Promise<ByteSource | null>) => {
    throwIfAborted(signal);
    const found = await orAborted(
      async () => open(),
      signal,
      (late) => late?.close?.(),
    );
    return found && watched(file, found);
  };
  const { gguf, explainMissing, made, folderOf } = source;
  return {
    name: source.name,
    open: (file) => watching(file, () => source.open(file)),
    ...(folderOf && { folderOf }),
    ...(explainMissing && { explainMissing }),
    ...(made && { made }),
    // It exists, or this throws.
    ...(gguf && { gguf: async () => (await watching("model.gguf", gguf))! }),
  };
}
