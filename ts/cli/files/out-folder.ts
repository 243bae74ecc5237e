import { existsSync, lstatSync, readdirSync, realpathSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { ConfigError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import { isFolder, makeFolder } from "../../io/node/folders.js";
import { withPart } from "../../io/node/write-files.js";

/** Throws `ConfigError` if `--out` is not a folder and cannot become one. */
export function checkOutFolder(out: string, option = "--out"): void {
  if (out.trim() === "")
    throw new ConfigError(`${option}: a folder's name is expected, got ${JSON.stringify(out)}`, {
      option,
      value: out,
    });
  try {
    const found = statSync(out, { throwIfNoEntry: false });
    if (found?.isDirectory()) return;
    if (found !== undefined)
      throw new ConfigError(`${option} ${out}: a folder is expected, this is a file`, { folder: out });
    const link = brokenLinkIn(out);
    if (link !== null)
      throw new ConfigError(
        `${option} ${out}: ${link === out ? "this" : link} is a broken link: create the folder that it names, or choose another one`,
        { folder: out },
      );
  } catch (cause) {
    throw cause instanceof ConfigError ? cause : unmakeable(out, cause, option);
  }
}

/** The part of a path that is a symbolic link to something that does not exist; null if there is none. */
function brokenLinkIn(path: string): string | null {
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) return null;
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) return path;
  const parent = dirname(path);
  return parent === path ? null : brokenLinkIn(parent);
}

/** Throws `ConfigError` unless `out` is an empty folder or can be created as one. @param option its name on the command line */
export async function checkEmptyFolder(out: string, option = "--out"): Promise<void> {
  checkOutFolder(out, option);
  if (existsSync(out)) {
    if (readdirSync(out).length > 0)
      throw new ConfigError(`${option} ${out} exists and is not empty: choose another folder, or remove it first`, {
        folder: out,
      });
    // What is written beside it replaces it.
    await checkWritable(out, dirname(realpathSync(out)), option);
  } else await checkCreatable(out, option);
}

/** Creates the folder and its parents. Returns the created ones; throws as `checkOutFolder`. */
export async function makeOutFolder(out: string, option?: string): Promise<string[]> {
  checkOutFolder(out, option);
  try {
    return await makeFolder(out);
  } catch (cause) {
    throw unmakeable(out, cause, option);
  }
}

/** Throws `ConfigError` if `--out` is a folder, or is in one that cannot be created or written to: before the work, not after it. */
export async function checkOutFile(out: string): Promise<void> {
  if (isFolder(out)) throw new ConfigError(`--out ${out}: a file is expected, this is a folder`, { folder: out });
  const folder = dirname(out);
  checkOutFolder(folder);
  await (existsSync(folder) ? checkWritable(out, folder) : checkCreatable(folder));
}

/** Throws `ConfigError` unless a folder is writable. It tries, since permissions do not show a read-only disk. */
async function checkWritable(out: string, folder: string, option = "--out"): Promise<void> {
  try {
    await tryFolder(folder, "check");
  } catch (cause) {
    throw new ConfigError(
      `${option} ${clip(out)}: nothing can be written into the folder ${clip(folder)}: ${reasonOf(cause)}; choose another folder`,
      { folder },
      { cause },
    );
  }
}

/** Throws `ConfigError` unless a folder that does not exist can be created with its parents. */
async function checkCreatable(out: string, option?: string): Promise<void> {
  const folder = resolve(out);
  let existing = dirname(folder);
  while (!existsSync(existing)) existing = dirname(existing);
  try {
    await tryFolder(existing, relative(existing, folder));
  } catch (cause) {
    throw unmakeable(out, cause, option);
  }
}

/**
 * Creates a folder below another and removes it. It is in a temporary folder, so that a process that is killed meanwhile leaves nothing with
 * the name of a result.
 */
async function tryFolder(existing: string, name: string): Promise<void> {
  await withPart(existing, "check", async (part) => {
    await makeFolder(join(part, name));
  });
}

/** The system's words without the path, which was a temporary one. */
const reasonOf = (cause: unknown) =>
  clip((cause instanceof Error ? cause.message : String(cause)).replace(/, \w+ '.*$/s, ""));

/** `cause` is the system's error. */
function unmakeable(out: string, cause: unknown, option = "--out"): ConfigError {
  return new ConfigError(
    `${option} ${clip(out)} cannot be created: ${reasonOf(cause)}; choose another folder`,
    { folder: out },
    { cause },
  );
}
