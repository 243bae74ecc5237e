import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { ConfigError, ModelError } from "../../errors/errors.js";
import type { FileAccess, FileMap } from "../file-access.js";
import { folderIndex } from "./file-source.js";
import { folderSource } from "./models/model-folder.js";

/** Error codes of impossible paths: through a file, too long, through endless links, with a NUL. */
const impossible = new Set(["ENOTDIR", "ENAMETOOLONG", "ELOOP", "ERR_INVALID_ARG_VALUE"]);

/** Whether there is a folder of that path. */
export function isFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  } catch (error) {
    if (impossible.has((error as NodeJS.ErrnoException).code ?? "")) return false;
    throw error;
  }
}

/** The files of `names` that exist in a folder, in memory. Throws `ConfigError` if there is no such folder. */
export function readFileMap(directory: string, names: readonly string[]): FileMap {
  if (!isFolder(directory)) throw new ConfigError(`there is no folder ${directory}`, { folder: directory });
  const present = names.filter((name) => existsSync(join(directory, name)));
  for (const name of present) {
    // A pipe would be waited for without an end.
    const path = join(directory, name);
    if (!statSync(path).isFile()) throw new ConfigError(`${path}: expected a file`, { file: path });
  }
  return Object.fromEntries(present.map((name) => [name, new Uint8Array(readFileSync(join(directory, name)))]));
}

/** File access for the loaders in Node's entry. */
export const nodeFileAccess: FileAccess = {
  readFiles: readFileMap,
  folder: (path) => (isFolder(path) ? folderSource(path, path, "folder") : null),
  modelIndex(directory) {
    const found = folderIndex(directory);
    if (found !== null) return found.index;
    throw new ModelError(`model ${directory}: expected a folder with model.safetensors`, { folder: directory });
  },
};
