import { existsSync, realpathSync } from "node:fs";
import { mkdir, rename, statfs } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { ConfigError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import type { FileMap } from "../../io/file-access.js";
import { writeFilesAtomically } from "../../io/node/index.js";
import { withFolder } from "../../io/node/folders.js";
import { withPart } from "../../io/node/write-files.js";
import { throwIfAborted } from "../../waiting/abort.js";
import type { Session } from "../session.js";
import { formatBytes } from "../terminal/number-format.js";

/**
 * Writes a folder under a temporary name beside `out`, then renames it: whatever happens, `out` is whole or as it was.
 * @param bytes that it will take, for which there must be room
 */
export async function writeWholeFolder(
  out: string,
  bytes: number,
  session: Session,
  write: (scratch: string) => Promise<void>,
): Promise<void> {
  // A link to an empty folder stays, and the folder that it leads to is replaced.
  const target = existsSync(out) ? realpathSync(out) : resolve(out);
  await withFolder(dirname(target), () =>
    withPart(dirname(target), basename(target), async (scratch) => {
      await checkRoom(dirname(target), bytes);
      await mkdir(scratch);
      await write(scratch);
      throwIfAborted(session.signal);
      await rename(scratch, target).catch((cause: unknown) => {
        throw appearedMeanwhile(out, cause) ?? cause;
      });
    }),
  );
}

/** The error where something has the name of what was written, which stays; null for another error of the system's. */
export function appearedMeanwhile(out: string, cause: unknown): ConfigError | null {
  // A folder cannot become what is a file.
  if (!["ENOTEMPTY", "EEXIST", "ENOTDIR"].includes(String((cause as NodeJS.ErrnoException).code))) return null;
  return new ConfigError(
    `--out ${clip(out)}: something was written there meanwhile, which stays: choose another name`,
    { option: "--out", folder: out },
    { cause },
  );
}

/** Writes a folder of these files alone, as `writeWholeFolder`. */
export function writeWholeFiles(out: string, files: FileMap, session: Session): Promise<void> {
  const bytes = Object.values(files).reduce((sum, file) => sum + file.byteLength, 0);
  return writeWholeFolder(out, bytes, session, (scratch) => writeFilesAtomically(scratch, files));
}

/** Throws `ConfigError` where the disk has less room, which is better known before the work. */
export async function checkRoom(directory: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  const free = bavail * bsize;
  if (free >= bytes) return;
  throw new ConfigError(
    `--out: ${formatBytes(bytes)} are needed, the disk of ${directory} has ${formatBytes(free)} left: make room, or name a place elsewhere`,
    { option: "--out", requested: bytes, available: free },
  );
}
