import { listFrom } from "../../arguments/collections.js";
import { checkOptions } from "../../arguments/options.js";
import { callable, check, flag, object, text, whole } from "../../arguments/settings.js";
import { checkSignal } from "../../waiting/abort.js";
import type { PinnedFile } from "../known-models.js";
import type { LoadProgress } from "../watched-source.js";
import type { BlobFolder, BlobFolders } from "./blob-folder.js";
import { type ModelFiles, takeOrigin } from "./file-origin.js";
import { fillModel } from "./fill-model.js";
import { storedBytes } from "./kept-file.js";
import { type KeptModel, keptSource } from "./kept-model.js";
import { type KeptRecord, readKept, readParts, sweep, writeKept } from "./kept-record.js";
import { lockOf, modelFolders } from "./model-folders.js";
import { withLock } from "./page-lock.js";
import { askToPersist } from "./persist.js";
import { RunningSha256 } from "../running-sha256.js";

/** How a model is kept. */
export interface KeepOptions {
  /** What it is called; default its address, its name on the hub, or that of the folder or archive. */
  readonly name?: string | undefined;
  /** What its files must be, all of them; default known for all-MiniLM-L6-v2 and SmolLM2-135M-Instruct-GGUF from the hub, else nothing is compared. */
  readonly manifest?: readonly PinnedFile[] | undefined;
  /** Asks the browser, which may ask the person, not to drop what is kept when space is short. Default false. */
  readonly persist?: boolean | undefined;
  /** Address of the hub; default the Hugging Face hub. */
  readonly hubUrl?: string | undefined;
  /** Cancels: the call rejects with `AbortError`. What came by then is used when it is called again. */
  readonly signal?: AbortSignal | undefined;
  /** Called as bytes of a file come in; never where the model is there. */
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
}

const sha256Text = check<string>(
  "a SHA-256 in hexadecimal",
  (value) => typeof value === "string" && /^[0-9a-f]{64}$/.test(value),
);

function takeOptions(options: KeepOptions) {
  const what = "keepModel";
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
  const what = "keepModel: manifest";
  const { name, bytes, sha256 } = object(what, "each", given, "{ name, bytes, sha256 }") as PinnedFile;
  return {
    name: text(what, "name", name),
    bytes: whole(what, "bytes", bytes),
    sha256: sha256Text(what, "sha256", sha256),
  };
}

/**
 * A model's files, kept in this browser: in the Origin Private File System, where the next visit finds them without a network;
 * where there is none, in memory (`storageRefused` says why). `SentenceEncoder.load` takes what it gives, and reads it tensor by
 * tensor.
 *
 * From an address or the hub what is there is given at once, and nothing is asked of the network. Else files are fetched piece
 * by piece: a download that breaks off, or is left with its page, goes on from there at the next call if the server still has the
 * same file. One call fetches at a time, whichever tab it is in; the others wait and get what it brought. Files that a person
 * picked are copied, and take the place of those of the same name.
 *
 * @param from an address (`"https://…"`, `"/models/minilm"`, `"./minilm"`), a name on the Hugging Face hub
 *   ("organisation/name", "organisation/name@revision", "all-MiniLM-L6-v2"), a picked folder (a `FileSystemDirectoryHandle`, or the
 *   files of `<input type="file" webkitdirectory>`), a zip archive (a `Blob` or `File`), or a GGUF file (a `File`, an address that ends so)
 * @throws `ModelError` for a file that is missing, cannot be fetched, or is not what the manifest says, which is then removed;
 *   `QuotaError` where it has no room, before it is fetched; `FormatError` for a damaged archive; `AbortError`; `ConfigError` for
 *   options that make no sense; `UnsupportedError` in Node, which has `resolveModel`
 */
export async function keepModel(from: ModelFiles, options: KeepOptions = {}): Promise<KeptModel> {
  const { name, pinned, persist, hubUrl, watcher } = takeOptions(options);
  const origin = await takeOrigin(from, hubUrl);
  const named = name === undefined ? origin : { ...origin, name };
  const { folders, refused } = await modelFolders("keepModel");
  if (persist && refused === null) askToPersist();
  const remote = "base" in origin;
  const key = keyOf(
    `${origin.origin} ${remote && name === undefined ? [origin.base, origin.gguf ?? []].flat().join("/") : named.name}`,
  );
  const expected = pinned ?? (remote ? origin.pinned : []);
  const record = await withLock(lockOf(key), watcher.signal, async () => {
    const folder = folders.folder(key);
    const kept = remote ? await readKept(folder) : null;
    if (kept !== null && fits(kept, expected) && (await isWhole(folder, kept))) return kept;
    try {
      const filled = await fillModel(named, folder, expected, watcher);
      await writeKept(folder, filled);
      return filled;
    } catch (error) {
      // What can be gone on from stays. What failed first is what is told.
      await leave(folders, key).catch(() => undefined);
      throw error;
    }
  });
  return keptSource(key, folders.folder(key), record, refused);
}

/** Removes what nobody can use of a model that did not come whole. */
async function leave(folders: BlobFolders, key: string): Promise<void> {
  const folder = folders.folder(key);
  const parts = await readParts(folder);
  const useful = parts !== null && parts.files.length > 0;
  await sweep(folder, useful ? parts : null);
  if ((await folder.names()).length === 0) await folders.remove(key);
}

/** A folder's name for whatever a model is called. */
const keyOf = (text: string) => new RunningSha256().add(new TextEncoder().encode(text)).hex().slice(0, 32);

/** Whether a model that is kept is the one that is pinned: a file that is not pinned may change what it does. */
const fits = ({ files }: KeptRecord, pinned: readonly PinnedFile[]) =>
  (pinned.length === 0 || files.length <= pinned.length) &&
  pinned.every(({ name, sha256 }) => files.some((file) => file.name === name && file.sha256 === sha256));

/** Whether all that a record speaks of is there, by its size. */
async function isWhole(folder: BlobFolder, { files }: KeptRecord): Promise<boolean> {
  for (const file of files) {
    let bytes = 0;
    for (const { blob } of file.segments) bytes += (await folder.read(blob))?.size ?? 0;
    if (bytes !== storedBytes(file)) return false;
  }
  return true;
}
