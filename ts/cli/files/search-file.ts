import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join, resolve, basename } from "node:path";
import { SearchIndex } from "../../entry/node.js";
import { ConfigError, FormatError } from "../../errors/errors.js";
import { fileSource, writeFileAtomically, openSafetensorsFile } from "../../io/node/index.js";
import { fillSafetensors, readSafetensors } from "../../io/safetensors/index.js";
import { isFolder } from "../../io/node/folders.js";
import type { SentenceEncoder } from "../../models/sentence/sentence-encoder.js";
import { runFiles } from "../../training/store/run-store.js";
import type { EncoderOptions } from "./adapted-encoder.js";
import { readFile } from "node:fs/promises";
import { type JsonFailure, parseJson } from "../../io/json.js";

/**
 * The texts of an index by its ids: those in its file, else those of the list beside it that its metadata name as `texts`, whose place in the
 * list is the id. Null if it has neither. Throws `FormatError` for other contents.
 */
async function textsOf(path: string, { metadata }: SearchIndex): Promise<Map<string, string> | null> {
  const beside = metadata["texts"];
  if (beside !== undefined) return textsBeside(path, beside);
  const file = await openSafetensorsFile(path);
  try {
    if (!file.has("texts")) return null;
    const fail = failureOf(path);
    const [ids, texts] = await Promise.all(["ids", "texts"].map(async (name) => parse(await file.raw(name), fail)));
    if (!isTexts(texts) || !Array.isArray(ids) || texts.length !== ids.length)
      throw fail("expected a text for each id");
    return new Map(ids.map((id, i) => [String(id), texts[i]!]));
  } finally {
    await file.close();
  }
}

async function textsBeside(path: string, name: string): Promise<Map<string, string>> {
  // An index from elsewhere reads no file of another folder.
  if (name === "" || name !== basename(name) || name.includes("\\"))
    throw failureOf(path)(`its texts are in ${JSON.stringify(name)}, which is not the name of a file beside it`);
  const file = join(dirname(path), name);
  const fail = failureOf(file);
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw fail(`this file has the texts of ${path}, and cannot be read: keep them together`, cause);
  });
  const texts = parse(bytes, fail);
  if (!isTexts(texts)) throw fail("expected a list of texts");
  return new Map(texts.map((text, i) => [String(i), text]));
}

const failureOf =
  (file: string): JsonFailure =>
  (problem, cause) =>
    new FormatError(`${file}: ${problem}`, { file }, { cause });

const parse = (bytes: Uint8Array, fail: JsonFailure) => parseJson(bytes, fail, { loneSurrogates: true });

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((text) => typeof text === "string");

/** What an index records of the encoder that made its vectors. */
export interface RecordedEncoder {
  readonly model?: string;
  /** Folder. A relative path in an index is one beside it. */
  readonly adapter?: string;
  /** Fingerprint of the base. Indexes that were not made by `lowrank index` may name the model alone. */
  readonly base?: string;
  /** SHA-256 of the adapter's weights. */
  readonly adapterHash?: string;
}

/** An encoder as an index records it. */
export function recordOf({ model, adapter }: EncoderOptions, encoder: SentenceEncoder): Record<string, string> {
  return {
    base: encoder.fingerprint,
    // A folder is found again from elsewhere too.
    ...(model !== undefined && { model: isFolder(model) ? resolve(model) : model }),
    ...(adapter !== undefined && { adapter: resolve(adapter), adapterHash: hashOf(adapter) }),
  };
}

function hashOf(adapter: string): string {
  const hash = createHash("sha256");
  for (const name of runFiles.adapter) hash.update(readFileSync(join(adapter, name)));
  return hash.digest("hex");
}

/** Throws `ConfigError` if an encoder is not the one that made an index's vectors. */
export function checkEncoder(path: string, recorded: RecordedEncoder, used: Record<string, string>): void {
  const { adapterHash = recorded.adapter === undefined ? "" : used["adapterHash"], base = used["base"] } = recorded;
  const again = "make the index again with `lowrank index`";
  if (base !== used["base"])
    throw new ConfigError(`${path} has vectors of another model; name that with --model, or ${again}`, { file: path });
  if (adapterHash !== (used["adapterHash"] ?? ""))
    throw new ConfigError(
      `${path} has vectors ${adapterHash === "" ? "without an adapter" : "of another adapter, or of what it was before"}; name that with --adapter, or ${again}`,
      { file: path },
    );
}

/** Writes an index with the texts of its vectors, in the order in which they were added; returns the file's bytes. */
export async function writeSearchFile(path: string, index: SearchIndex, texts: readonly string[]): Promise<number> {
  const saved = readSafetensors(index.save());
  const bytes = new TextEncoder().encode(JSON.stringify(texts));
  const parts = saved.names.map((name) => ({ name, ...saved.info(name), bytes: saved.raw(name) }));
  const all = [...parts, { name: "texts", dtype: "U8" as const, shape: [bytes.length], bytes }];
  const file = fillSafetensors(all, ({ bytes }, into) => into.set(bytes), saved.metadata);
  await writeFileAtomically(path, (sink) => sink.write(file));
  return file.length;
}

/** An index with its texts. */
export interface SearchFile {
  readonly index: SearchIndex;
  readonly recorded: RecordedEncoder;
  /** Texts by id; null for an index that has none. */
  readonly texts: ReadonlyMap<string, string> | null;
}

/** Opens an index. The caller disposes of it. Throws `FormatError` for another file. */
export async function openSearchFile(path: string): Promise<SearchFile> {
  if (isFolder(path))
    throw new ConfigError(`--index ${path}: a file is expected, this is a folder`, { option: "--index", file: path });
  const source = await fileSource(path).catch((cause: unknown) => {
    throw new ConfigError(`--index ${path}: there is no such file`, { option: "--index", file: path }, { cause });
  });
  const index = await SearchIndex.open(source);
  try {
    return { index, recorded: recordedIn(index, path), texts: await textsOf(path, index) };
  } catch (error) {
    index.dispose();
    throw error;
  }
}

function recordedIn({ metadata }: SearchIndex, path: string): RecordedEncoder {
  const recorded: RecordedEncoder = metadata;
  const { adapter } = recorded;
  return adapter === undefined ? recorded : { ...recorded, adapter: resolve(dirname(path), adapter) };
}
