import { existsSync } from "node:fs";
import { access, constants, type FileHandle, open, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError, LowrankError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import { writeFilesAtomically } from "../../io/node/index.js";
import { makeFolder, removeEmpty } from "../../io/node/folders.js";
import type { RunStore } from "../store/run-store.js";
import { lockRun } from "./run-lock.js";

/**
 * A folder as a run's store: one file per blob, written under a temporary name and renamed. Claiming creates the folder if necessary, and
 * removes it again if nothing was written. A claim belongs to a process: if the process is killed, the claim ends.
 *
 * Throws `ConfigError` for an invalid path.
 */
export function folderStore(folder: string): RunStore {
  if (typeof folder !== "string" || folder.trim() === "" || folder.includes("\0"))
    throw new ConfigError(`folderStore: a folder's path is expected, got ${excerpt(folder)}`, {
      op: "folderStore",
      expected: "a folder's path",
      value: folder,
    });
  const place = (blob: string) => join(folder, blob);
  return {
    name: folder,
    place,
    has: async (blob) => existsSync(place(blob)),
    async read(blob, length) {
      const path = place(blob);
      if (!existsSync(path)) return null;
      await checkFile(path);
      return named(path, "cannot be read", async () =>
        length === undefined ? new Uint8Array(await readFile(path)) : readStart(path, length),
      );
    },
    write: (blobs) => named(folder, "cannot be written to", () => writeFilesAtomically(folder, blobs)),
    async append(blob, length, bytes) {
      const path = place(blob);
      if (existsSync(path)) await checkFile(path);
      await named(path, "cannot be written", () => append(path, length, bytes));
    },
    remove: (blob) => named(place(blob), "cannot be removed", () => rm(place(blob), { force: true })),
    claim: () => claimFolder(folder),
  };
}

/** Throws a system error as `ConfigError` that names the file or folder; our own errors unchanged. */
async function named<T>(path: string, problem: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof LowrankError) throw cause;
    throw new ConfigError(`${clip(path)} ${problem}: ${(cause as Error).message}`, { path }, { cause });
  }
}

/** Throws `ConfigError` for a FIFO, a socket or a device: opening one waits for another program. The system itself refuses folders. */
async function checkFile(path: string): Promise<void> {
  const found = await named(path, "cannot be read", () => stat(path));
  if (found.isFile() || found.isDirectory()) return;
  throw new ConfigError(`${clip(path)} is expected to be a file, and is none: remove it, or choose another folder`, {
    path,
    expected: "a regular file",
  });
}

async function claimFolder(folder: string): Promise<() => Promise<void>> {
  const made = await named(folder, "cannot be created", () => makeFolder(folder));
  try {
    await named(folder, "cannot be written to", () => access(folder, constants.W_OK));
    const release = await named(folder, "cannot be locked", () => lockRun(folder));
    return async () => {
      release();
      await removeEmpty(made);
    };
  } catch (error) {
    await removeEmpty(made);
    throw error;
  }
}

/** Truncates a file and appends to it; on the disk when it returns. */
async function append(path: string, length: number, bytes: Uint8Array): Promise<void> {
  const handle = await open(path, length === 0 ? "w" : "r+");
  try {
    await handle.truncate(length);
    await writeAt(handle, bytes, length);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeAt(handle: FileHandle, data: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < data.length;) {
    done += (await handle.write(data, done, data.length - done, position + done)).bytesWritten;
  }
}

/** The first bytes of a file, fewer if it is shorter. */
async function readStart(path: string, length: number): Promise<Uint8Array> {
  const handle = await open(path, "r");
  try {
    const { size } = await handle.stat();
    const bytes = new Uint8Array(Math.min(size, length));
    let done = 0;
    for (let read = -1; read !== 0 && done < bytes.length; done += read) {
      read = (await handle.read(bytes, done, bytes.length - done, done)).bytesRead;
    }
    return bytes.subarray(0, done);
  } finally {
    await handle.close();
  }
}
