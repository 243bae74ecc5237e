import { existsSync, readFileSync, statSync } from "node:fs";
import { mkdir, rmdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ConfigError } from "../../errors/errors.js";
import type { FileMap } from "../file-access.js";

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code;

/** Whether there is a folder; null if nothing exists. Throws if this cannot be determined, or the path is impossible. */
async function isFolderNow(path: string): Promise<boolean | null> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}

/**
 * Creates a folder and its missing parents. Node's recursive mkdir never returns in places where nothing can be created, such as /proc.
 * @returns the created folders, the outermost first; empty if all existed
 * @throws the system's error, naming the folder; created folders are removed then
 */
export async function makeFolder(path: string): Promise<string[]> {
  const missing: string[] = [];
  for (let at = path; !(await isFolderNow(at)); at = dirname(at)) {
    missing.unshift(at);
    if (dirname(at) === at) break;
  }
  const made: string[] = [];
  try {
    for (const folder of missing) {
      await mkdir(folder).then(
        () => made.push(folder),
        async (error: unknown) => {
          // Someone else was faster.
          if (codeOf(error) !== "EEXIST" || !(await isFolderNow(folder))) throw error;
        },
      );
    }
  } catch (error) {
    await removeEmpty(made);
    throw error;
  }
  return made;
}

/** Creates the folder `path` if necessary and runs `body`. If `body` fails, empty created folders are removed. */
export async function withFolder<T>(path: string, body: () => Promise<T>): Promise<T> {
  const made = await makeFolder(path);
  try {
    return await body();
  } catch (error) {
    await removeEmpty(made);
    throw error;
  }
}

/** Removes those of these folders that are empty, the innermost first. Failing at it is no error. */
export async function removeEmpty(folders: readonly string[]): Promise<void> {
  for (const folder of folders.toReversed()) await rmdir(folder).catch(() => {});
}

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
