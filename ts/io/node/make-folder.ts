import { mkdir, rmdir, stat } from "node:fs/promises";
import { dirname } from "node:path";

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code;

/** Whether there is a folder; null if nothing exists. Throws if this cannot be determined, or the path is impossible. */
async function isFolder(path: string): Promise<boolean | null> {
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
  for (let at = path; !(await isFolder(at)); at = dirname(at)) {
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
          if (codeOf(error) !== "EEXIST" || !(await isFolder(folder))) throw error;
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
