import { readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { folderStore } from "../../jobs/node/folder-store.js";
import type { AttemptPlace } from "./attempt-place.js";

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code;

/** A folder with `result`, and `attempts` while there is none. Publishing is a folder's renaming. */
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
      await rename(join(attempts, attempt), result).catch((error: unknown) => {
        // Another attempt was faster.
        if (codeOf(error) !== "ENOTEMPTY" && codeOf(error) !== "EEXIST") throw error;
      });
    },
    tidy: () => rm(attempts, { recursive: true, force: true }),
  };
}
