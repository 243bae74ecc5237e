import { existsSync } from "node:fs";
import { readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { isLock, isUnfinished } from "lowrank/extension";
import { folderStore } from "lowrank/jobs";
import type { AttemptPlace } from "./attempt-place.js";

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code;

/** A folder with `result`, or `attempts` until there is a result. Publishing renames a folder. */
export function folderPlace(folder: string): AttemptPlace {
  const result = join(folder, "result");
  const attempts = join(folder, "attempts");
  return {
    name: folder,
    names: () =>
      readdir(result).catch((error: unknown) => {
        if (codeOf(error) === "ENOENT") return null;
        throw error;
      }),
    result: (blob) => folderStore(result).read(blob),
    async attempts() {
      const names = await readdir(attempts).catch((error: unknown) => {
        if (codeOf(error) === "ENOENT") return [];
        throw error;
      });
      return names.sort();
    },
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
    tidy: () => rm(attempts, { recursive: true, force: true }),
  };
}
