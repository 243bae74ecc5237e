import { ConfigError, UnsupportedError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import { type FileMap, providedFiles } from "../../io/file-access.js";
import { remember } from "../../io/made-from.js";
import { opfsFolders, opfsRefused, takeLock, withLock } from "../../io/page/storage.js";
import { RunningSha256 } from "../../io/sha256.js";
import { BlobLedger, copiedBlobs } from "./blob-ledger.js";
import { type RunStore, takeRunName } from "./run-store.js";

/** Folder of all runs. Another layout will get another name. */
const AREA = "lowrank-runs-1";

/** A store in a page's private file system. */
export interface OpfsStore extends RunStore {
  /** A copy of every blob by name, to save a result elsewhere. */
  files(): Promise<FileMap>;
  /** Removes the run with all its blobs. Throws `ConfigError` while a job has it. */
  discard(): Promise<void>;
}

/**
 * A run's store in this browser's Origin Private File System, for pages and workers under https and on localhost. If the page is closed or
 * the browser killed, call `runJob` with the same spec and name at the next visit: the run resumes, with the same bits. New blobs are
 * written beside the old ones, and one write of a list makes them valid. A claim is a Web Lock, which ends with its page or worker.
 *
 * @param name identifies the run
 *
 * Throws `ConfigError` for an invalid name. Methods throw `UnsupportedError` without such a file system (in Node use `folderStore`), and
 * `QuotaError` if it is full.
 */
export function opfsStore(name: string): OpfsStore {
  takeRunName(name);
  const key = new RunningSha256().add(new TextEncoder().encode(name)).hex().slice(0, 32);
  const folders = opfsFolders(AREA);
  const ledger = new BlobLedger(folders.folder(key));
  const lock = `${AREA}/${key}`;

  /** Throws for all calls if there is no such file system. */
  let ready: Promise<void> | null = null;
  const within = async <T>(work: () => Promise<T>): Promise<T> => {
    ready ??= checkSupport();
    await ready;
    return work();
  };
  /** One change at a time in all tabs: each starts from the list of the one before. */
  const change = (work: () => Promise<void>) => within(() => withLock(`${lock}/list`, undefined, work));
  const claim = async () => {
    const release = await takeLock(lock);
    if (release !== null) return release;
    throw new ConfigError(
      `${clip(name)} is in use: another job uses it, here or in another tab; await it, or choose another store`,
      { op: "opfsStore", reason: "running", name },
    );
  };
  const store: OpfsStore = {
    name,
    place: (blob) => `${name}/${blob}`,
    has: (blob) => within(async () => (await ledger.names()).includes(blob)),
    read: (blob, length) => within(() => ledger.read(blob, length)),
    async write(blobs) {
      const copies = copiedBlobs("opfsStore", blobs);
      await change(() => ledger.write(copies));
    },
    append(blob, length, bytes) {
      const copy = bytes.slice();
      return change(() => ledger.append(blob, length, copy));
    },
    remove: (blob) => change(() => ledger.remove(blob)),
    claim: () =>
      within(async () => {
        const release = await claim();
        try {
          await change(() => ledger.sweep());
        } catch (error) {
          release();
          throw error;
        }
        return async () => {
          try {
            if ((await ledger.names()).length === 0) await folders.remove(key);
          } finally {
            release();
          }
        };
      }),
    files: () => within(() => ledger.files()),
    discard: () =>
      within(async () => {
        const release = await claim();
        try {
          await change(() => ledger.clear());
          await folders.remove(key);
        } finally {
          release();
        }
      }),
  };
  return remember(store, "OPFS store", name);
}

async function checkSupport(): Promise<void> {
  const refused = await opfsRefused();
  if (refused === null) return;
  const instead =
    providedFiles() === null ? "memoryStore() keeps a run until the page is closed" : "use folderStore(path)";
  throw new UnsupportedError(`opfsStore: ${refused}; ${instead}`, {
    op: "opfsStore",
    missing: "Origin Private File System",
  });
}
