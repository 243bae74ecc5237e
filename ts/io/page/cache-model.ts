import { listFrom } from "../../arguments/collections.js";
import { checkOptions } from "../../arguments/options.js";
import { callable, check, flag, object, text, whole } from "../../arguments/settings.js";
import { checkSignal } from "../../waiting/abort.js";
import type { PinnedFile } from "../known-models.js";
import type { LoadProgress } from "../watched-source.js";
import type { BlobFolder, BlobFolders } from "./blob-folders.js";
import { type ModelFiles, takeOrigin } from "./file-origin.js";
import { fillModel } from "./fill-model.js";
import { storedBytes } from "./cached-file.js";
import { type CachedModel, cachedSource } from "./cached-model.js";
import { type CacheRecord, readCached, readParts, sweep, writeCached } from "./cache-record.js";
import { lockOf, modelFolders } from "./model-folders.js";
import { askToPersist, withLock } from "./storage.js";
import { RunningSha256 } from "../sha256.js";

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
