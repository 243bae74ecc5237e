import { readFileSync, realpathSync, statSync } from "node:fs";
import { isAbsolute, relative } from "node:path";
import { ConfigError } from "../../errors/errors.js";
import { isFolder } from "../../io/node/read-files.js";
import type { DataFile } from "../job-sources.js";
import { LONGEST_TEXT } from "../text-file.js";

/** A file of texts. Throws `ConfigError` where it cannot be read, or not at once. */
export function readData(path: string): DataFile {
  if (isFolder(path))
    throw new ConfigError(`${path}: a file of examples is expected, this is a folder`, { file: path });
  checkSize(path);
  try {
    return { name: shownPath(path), bytes: readFileSync(path) };
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    throw new ConfigError(
      missing ? `${path}: there is no such file` : `${path} cannot be read: ${String(cause)}`,
      { path },
      { cause },
    );
  }
}

/** A path as it is shown: relative where it is below the working folder. */
function shownPath(path: string): string {
  const shorter = relative(process.cwd(), path);
  return shorter === "" || shorter.startsWith("..") || isAbsolute(shorter) ? path : shorter;
}

/** More than a string can hold; and a device may have no end. Pipes are read to theirs. */
function checkSize(path: string): void {
  const status = statSync(path, { throwIfNoEntry: false });
  if (status === undefined || status.isFIFO()) return;
  if (!status.isFile() && realpathSync(path) !== realpathSync("/dev/stdin")) {
    throw new ConfigError(`${path}: a file of examples is expected, this is a device`, { file: path });
  }
  if (status.size > LONGEST_TEXT) {
    throw new ConfigError(
      `${path} has ${status.size} bytes; at most ${LONGEST_TEXT} can be read at once: split it into several`,
      { path, size: status.size },
    );
  }
}
