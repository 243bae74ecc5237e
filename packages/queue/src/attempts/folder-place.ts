import { existsSync } from "node:fs";
import { readdir, rename, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError } from "lowrank";
import { isLock, isLocked, isUnfinished } from "lowrank/extension";
import { folderStore } from "lowrank/jobs";
import type { AttemptPlace } from "./attempt-place.js";

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code;

/** Names in a folder; null if there is no such folder. Throws `ConfigError` if it, or a part of its path, is a file. */
async function namesIn(folder: string): Promise<string[] | null> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    if (codeOf(error) !== "ENOTDIR") throw error;
    throw new ConfigError(
      `${folder} is expected to be a folder, but it or a part of its path is a file: choose another place for the job, or move that file away`,
      { place: folder, expected: "a folder" },
      { cause: error },
    );
  }
}

/** A folder with `result`, or `attempts` until there is a result. Publishing renames a folder. */
export function folderPlace(folder: string): AttemptPlace {
  const result = join(folder, "result");
  const attempts = join(folder, "attempts");
  return {
    name: folder,
    names: () => namesIn(result),
    result: (blob) => folderStore(result).read(blob),
    attempts: async () => ((await namesIn(attempts)) ?? []).sort(),
    store: (attempt) => folderStore(join(attempts, attempt)),
    async publish(attempt) {
      const made = join(attempts, attempt);
      try {
        // An attempt that was killed at its end may not have cleaned up.
        for (const name of await readdir(made))
          if (isLock(name) || isUnfinished(name)) await rm(join(made, name), { force: true });
        await rename(made, result);
      } catch (error) {
        // Another attempt was faster, or has already published this one.
        if (!["ENOTEMPTY", "EEXIST", "ENOENT"].includes(codeOf(error)!) || !existsSync(result)) throw error;
      }
    },
    async isLive(attempt) {
      try {
        return await isLocked(join(attempts, attempt));
      } catch (error) {
        if (["ENOENT", "ENOTDIR"].includes(codeOf(error)!)) return false;
        throw error;
      }
    },
    async remove(attempt) {
      await rm(join(attempts, attempt), { recursive: true, force: true });
      try {
        await rmdir(attempts);
      } catch (error) {
        // Others are in it, or another job has removed it.
        if (!["ENOTEMPTY", "EEXIST", "ENOENT"].includes(codeOf(error)!)) throw error;
      }
    },
  };
}
