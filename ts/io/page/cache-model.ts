import { checkOptions } from "../../arguments/options.js";
import { callable, check, flag, listFrom, object, text, whole } from "../../arguments/settings.js";
import { ModelError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import { checkSignal, throwIfAborted } from "../../waiting/abort.js";
import { isGgufName } from "../gguf/index.js";
import { parseJsonObject } from "../json.js";
import type { PinnedFile } from "../known-models.js";
import { type LoadProgress, mostBytes, optionalFiles, requiredFiles, type Watcher } from "../model-source.js";
import { readWeightMap, WEIGHTS, WEIGHTS_INDEX } from "../safetensors/index.js";
import { RunningSha256 } from "../sha256.js";
import { askToPersist, type BlobFolder, type BlobFolders, checkRoom, withLock } from "./storage.js";
import {
  type CacheRecord,
  FileWriter,
  type KeptFile,
  lockOf,
  modelFolders,
  newNames,
  type PartFile,
  readCached,
  readParts,
  storedBytes,
  storedSource,
  sweep,
  writeCached,
  writeParts,
} from "./cached-file.js";
import { type CachedModel, cachedSource } from "./cached-model.js";
import { receive, startDownload } from "./download.js";
import { type ModelFiles, type RemoteOrigin, takeOrigin } from "./file-origin.js";
import type { LocalOrigin } from "./picked-files.js";

/** Options of `cacheModel`. */
export interface CacheOptions {
  /** Name in the cache; default: the URL, the name on the hub, or the name of the folder or archive. */
  readonly name?: string | undefined;
  /** The files it must have, with sizes and hashes. Default: built in for all-MiniLM-L6-v2 and SmolLM2-135M-Instruct-GGUF from the hub; no check for others. */
  readonly manifest?: readonly PinnedFile[] | undefined;
  /** Asks the browser, which may ask the person, not to evict the cache when space is short. Default false. */
  readonly persist?: boolean | undefined;
  /** URL of the hub; default: the Hugging Face hub. */
  readonly hubUrl?: string | undefined;
  /** Cancels: the call rejects with `AbortError`. A later call resumes the download. */
  readonly signal?: AbortSignal | undefined;
  /** Called as bytes of a file arrive; never for a model that is cached already. */
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
}

const sha256Text = check<string>(
  "a SHA-256 in hexadecimal",
  (value) => typeof value === "string" && /^[0-9a-f]{64}$/.test(value),
);

function takeOptions(options: CacheOptions) {
  const what = "cacheModel";
  checkOptions(what, options, ["name", "manifest", "persist", "hubUrl", "signal", "onProgress"]);
  const { name, manifest, persist = false, hubUrl, signal, onProgress } = options;
  if (name !== undefined) text(what, "name", name);
  if (hubUrl !== undefined) text(what, "hubUrl", hubUrl);
  flag(what, "persist", persist);
  checkSignal(what, signal);
  if (onProgress !== undefined) callable(what, "onProgress", onProgress);
  const pinned =
    manifest === undefined
      ? undefined
      : listFrom(`${what}: a manifest is a list of { name, bytes, sha256 }`, manifest, takePinned);
  return { name, pinned, persist, hubUrl, watcher: { signal, onProgress } };
}

function takePinned(given: unknown): PinnedFile {
  const what = "cacheModel: manifest";
  const { name, bytes, sha256 } = object(what, "each", given, "{ name, bytes, sha256 }") as PinnedFile;
  return {
    name: text(what, "name", name),
    bytes: whole(what, "bytes", bytes),
    sha256: sha256Text(what, "sha256", sha256),
  };
}

/**
 * Caches a model's files in this browser: in the Origin Private File System, so that the next visit needs no network, else in memory
 * (`storageRefused` says why). `SentenceEncoder.load` accepts the result and reads it tensor by tensor.
 *
 * A model from a URL or the hub that is cached is returned without any request. Otherwise its files are downloaded; the next call resumes
 * an interrupted download if the server still has the same file. One tab downloads at a time; calls in other tabs wait for it. Files that a
 * person picked are copied and replace a cached model of the same name.
 *
 * @param from a URL (`"https://…"`, `"/models/minilm"`, `"./minilm"`), a name on the Hugging Face hub
 *   ("organisation/name", "organisation/name@revision", "all-MiniLM-L6-v2"), a picked folder (a `FileSystemDirectoryHandle`, or the
 *   files of `<input type="file" webkitdirectory>`), a zip archive (a `Blob` or `File`), or a GGUF file (a `File`, or a URL ending in .gguf)
 * @throws `ModelError` for a file that is missing, cannot be downloaded, or differs from the manifest (it is then removed);
 *   `QuotaError` before a download that does not fit; `FormatError` for a damaged archive; `AbortError`; `ConfigError` for
 *   invalid options; `UnsupportedError` in Node, which has `resolveModel`
 */
export async function cacheModel(from: ModelFiles, options: CacheOptions = {}): Promise<CachedModel> {
  const { name, pinned, persist, hubUrl, watcher } = takeOptions(options);
  const origin = await takeOrigin(from, hubUrl);
  const named = name === undefined ? origin : { ...origin, name };
  const { folders, refused } = await modelFolders("cacheModel");
  if (persist && refused === null) askToPersist();
  const remote = "base" in origin;
  const key = keyOf(
    `${origin.origin} ${remote && name === undefined ? [origin.base, origin.gguf ?? []].flat().join("/") : named.name}`,
  );
  const expected = pinned ?? (remote ? origin.pinned : []);
  const record = await withLock(lockOf(key), watcher.signal, async () => {
    const folder = folders.folder(key);
    const kept = remote ? await readCached(folder) : null;
    if (kept !== null && fits(kept, expected) && (await isWhole(folder, kept))) return kept;
    try {
      const filled = await fillModel(named, folder, expected, watcher);
      await writeCached(folder, filled);
      return filled;
    } catch (error) {
      // Keep what the next call can resume from. The first error is the one to report.
      await leave(folders, key).catch(() => undefined);
      throw error;
    }
  });
  return cachedSource(key, folders.folder(key), record, refused);
}

/** Removes the parts of an incomplete model that no later call can resume from. */
async function leave(folders: BlobFolders, key: string): Promise<void> {
  const folder = folders.folder(key);
  const parts = await readParts(folder);
  const useful = parts !== null && parts.files.length > 0;
  await sweep(folder, useful ? parts : null);
  if ((await folder.names()).length === 0) await folders.remove(key);
}

/** A folder name for any model name. */
const keyOf = (text: string) => new RunningSha256().add(new TextEncoder().encode(text)).hex().slice(0, 32);

/** Whether a cached model is the pinned one, without further files: they could change what it does. */
const fits = ({ files }: CacheRecord, pinned: readonly PinnedFile[]) =>
  (pinned.length === 0 || files.length <= pinned.length) &&
  pinned.every(({ name, sha256 }) => files.some((file) => file.name === name && file.sha256 === sha256));

/** Whether every file of a record is there in full size. */
async function isWhole(folder: BlobFolder, { files }: CacheRecord): Promise<boolean> {
  for (const file of files) {
    let bytes = 0;
    for (const { blob } of file.segments) bytes += (await folder.read(blob))?.size ?? 0;
    if (bytes !== storedBytes(file)) return false;
  }
  return true;
}

type From = LocalOrigin | RemoteOrigin;

/** Gets one file; null if there is none of that name. */
type Bring = (file: string, needed: boolean) => Promise<KeptFile | null>;

/**
 * Writes a model's files into a folder, beside the current ones, which stay valid until the new record replaces theirs. Bytes from before
 * an interruption are reused.
 *
 * @param pinned expected hashes of its files; empty if unknown
 */
async function fillModel(
  from: From,
  folder: BlobFolder,
  pinned: readonly PinnedFile[],
  watcher: Watcher,
): Promise<CacheRecord> {
  const { name, origin } = from;
  const bring = "base" in from ? await downloads(from, folder, pinned, watcher) : await copies(from, folder, watcher);
  const files: KeptFile[] = [];
  const take = async (file: string, needed: boolean) => {
    throwIfAborted(watcher.signal);
    const found = await bring(file, needed);
    if (found === null) return false;
    await checkPinned(from, found, pinned, folder);
    files.push(found);
    return true;
  };
  const need = async (file: string) => {
    if (!(await take(file, true)))
      throw new ModelError(`model ${clip(name)} has no ${clip(file)}`, { model: name, file });
  };
  if (pinned.length > 0) for (const file of pinned) await need(file.name);
  else if (from.gguf !== null) await need(from.gguf);
  else {
    for (const file of requiredFiles) if (file !== WEIGHTS) await need(file);
    for (const file of optionalFiles) await take(file, false);
    // Last, so that nothing large is fetched for a folder that is no model.
    if (!(await take(WEIGHTS, false))) {
      if (!(await take(WEIGHTS_INDEX, false))) await need(WEIGHTS);
      const index = storedSource(folder, files.at(-1)!, name);
      const fail = (problem: string, cause?: unknown) =>
        new ModelError(`model ${clip(name)}: ${WEIGHTS_INDEX}: ${problem}`, { model: name }, { cause });
      const map = readWeightMap(parseJsonObject(await index.read(0, index.size), fail), fail);
      for (const file of map.files) await need(file);
    }
  }
  return { name, origin, files };
}

/** Throws `ModelError`, and removes the file, if it differs from the pinned one. */
async function checkPinned(
  from: From,
  got: KeptFile,
  pinned: readonly PinnedFile[],
  folder: BlobFolder,
): Promise<void> {
  const expected = pinned.find(({ name }) => name === got.name);
  const bytes = storedBytes(got);
  if (expected === undefined || (expected.sha256 === got.sha256 && expected.bytes === bytes)) return;
  for (const { blob } of got.segments) await folder.remove(blob);
  const parts = await readParts(folder);
  if (parts !== null)
    await writeParts(folder, { ...parts, files: parts.files.filter(({ name }) => name !== got.name) });
  const { name: model } = from;
  throw new ModelError(
    `model ${clip(model)}: ${clip(got.name)}: expected ${expected.bytes} bytes of SHA-256 ${expected.sha256}, got ${bytes} of ` +
      `${got.sha256}: it is damaged or another version; what came was removed`,
    { model, file: got.name, sha256: expected.sha256, got: got.sha256 },
  );
}

/** Files from addresses. The durable part of a tensor file is recorded as it grows; others are small and downloaded again. */
async function downloads(
  { name, origin, base }: RemoteOrigin,
  folder: BlobFolder,
  pinned: readonly PinnedFile[],
  { signal, onProgress }: Watcher,
): Promise<Bring> {
  const before = await readParts(folder);
  await sweep(folder, before);
  // It identifies the model for concurrent calls that list or remove models.
  await writeParts(folder, { name, origin, files: before?.files ?? [] });
  const parts = new Map((before?.files ?? []).map((part) => [part.url, part]));
  const missing = pinned.reduce((sum, { bytes }) => sum + bytes, 0);
  await checkRoom(missing - [...parts.values()].reduce((sum, part) => sum + storedBytes(part), 0));
  const newName = newNames();
  return async (file, needed) => {
    const url = `${base}/${file}`;
    const fail = (problem: string, cause?: unknown) =>
      new ModelError(`model ${clip(name)}: ${clip(url)} ${problem}`, { url }, { cause });
    const note = (part: PartFile | null) => async (segments: PartFile["segments"]) => {
      if (part === null) return;
      // More than the whole has was compressed on the way, and nothing can be gone on with.
      if (storedBytes({ ...part, segments }) > part.total) parts.delete(url);
      else parts.set(url, { ...part, segments });
      await writeParts(folder, { name, origin, files: [...parts.values()] });
    };
    const known = parts.get(url) ?? null;
    const resumed = known && new FileWriter(folder, newName, note(known));
    const part = (await resumed?.resume(known!.segments)) ? known : null;
    const download = await startDownload(url, part, resumed?.safe ?? 0, { needed, signal }, fail);
    if (download === null) return null;
    const { validator, total, from } = download;
    if (from === 0 && known !== null) {
      parts.delete(url);
      for (const { blob } of known.segments) await folder.remove(blob);
    }
    const large = (file.endsWith(".safetensors") || isGgufName(file)) && validator !== null && total !== null;
    const begun: PartFile | null = large ? { name: file, url, validator, total, segments: [] } : null;
    const writer = from > 0 ? resumed! : new FileWriter(folder, newName, note(begun));
    const expected = pinned.find(({ name }) => name === file)?.bytes;
    const most = expected ?? mostBytes(file);
    const size = total ?? expected ?? 0;
    const tell = (done: number) => {
      // An unknown size stays unknown until bytes arrive.
      if (done > 0 || size > 0) onProgress?.({ file, done, total: Math.max(size, done) });
    };
    await receive(download, most, writer, signal, tell, fail);
    return { name: file, segments: writer.segments, sha256: writer.sha256() };
  };
}

/** Files that were picked, copied. */
async function copies(from: LocalOrigin, folder: BlobFolder, { signal, onProgress }: Watcher): Promise<Bring> {
  await sweep(folder);
  await writeParts(folder, { name: from.name, origin: from.origin, files: [] });
  const newName = newNames();
  return async (file) => {
    const found = await from.open(file);
    if (found === null) return null;
    const { size: total } = found;
    await checkRoom(total);
    const writer = new FileWriter(folder, newName);
    onProgress?.({ file, done: 0, total });
    for await (const chunk of found.chunks()) {
      throwIfAborted(signal);
      await writer.write(chunk);
      onProgress?.({ file, done: writer.bytes, total });
    }
    await writer.flush();
    return { name: file, segments: writer.segments, sha256: writer.sha256() };
  };
}
