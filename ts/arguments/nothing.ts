import { ConfigError } from "../errors/errors.js";
import { excerpt } from "../errors/excerpt.js";

/**
 * Throws `ConfigError` for an unexpected argument, which would otherwise be ignored.
 *
 * @param advice what to do instead
 */
export function checkNothing(what: string, given: readonly unknown[], advice: string): void {
  if (given.every((value) => value === undefined)) return;
  const message = `${what}: nothing is taken${what.endsWith("Adapter") ? " beside the name" : ""}, got ${excerpt(given[0])}: ${advice}`;
  throw new ConfigError(message, { op: what, expected: "nothing", value: given[0] });
}

/** What to do with files in memory, for callers who pass a folder. */
export const WRITE_THEM =
  "it gives the files by name, as bytes; in Node, `await writeFilesAtomically(folder, files)` writes them";
