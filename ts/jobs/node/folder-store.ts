import { existsSync } from "node:fs";
import { access, constants, type FileHandle, open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import { writeFilesAtomically } from "../../io/node/index.js";
import { makeFolder, removeEmpty } from "../../io/node/make-folder.js";
import type { RunStore } from "../run-store.js";
import { lockRun } from "./run-lock.js";

/**
 * A folder as a run's store: a file a blob, written beside its place and renamed. Claiming it makes it where need be, and
 * what was made goes again if nothing was written. A claim is of a process: one that was killed leaves none behind.
 *
 * Throws `ConfigError` for what is no path.
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
      if (!existsSync(place(blob))) return null;
      return length === undefined ? new Uint8Array(await readFile(place(blob))) : readStart(place(blob), length);
    },
    write: (blobs) => writeFilesAtomically(folder, blobs),
    async append(blob, length, bytes) {
      const handle = await open(place(blob), length === 0 ? "w" : "r+");
      try {
        await handle.truncate(length);
        await writeAt(handle, bytes, length);
        await handle.sync();
      } finally {
        await handle.close();
      }
    },
    remove: (blob) => rm(place(blob), { force: true }),
    claim: () => claimFolder(folder),
  };
}

async function claimFolder(folder: string): Promise<() => Promise<void>> {
  const made = await makeFolder(folder).catch((cause: unknown) => {
    throw new ConfigError(`${clip(folder)} cannot be made: ${(cause as Error).message}`, { folder }, { cause });
  });
  try {
    await checkWritable(folder);
    const release = await lockRun(folder);
    return async () => {
      release();
      await removeEmpty(made);
    };
  } catch (error) {
    await removeEmpty(made);
    throw error;
  }
}

async function checkWritable(folder: string): Promise<void> {
  try {
    await access(folder, constants.W_OK);
  } catch (cause) {
    throw new ConfigError(`${folder} cannot be written to: ${(cause as Error).message}`, { folder }, { cause });
  }
}

async function writeAt(handle: FileHandle, data: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < data.length;) {
    done += (await handle.write(data, done, data.length - done, position + done)).bytesWritten;
  }
}

/** The first bytes of a file, fewer where it has no more. */
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
