import { mkdir, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { ConfigError } from "../../errors.js";
import type { ByteSink } from "../byte-source.js";
import type { FileMap } from "../file-map.js";
import { partOf, sweepParts } from "./parts.js";

/** Runs `write` on a new file, which is on the disk when it returns; removes it where `write` fails. */
async function writeDurably(path: string, write: (sink: ByteSink) => Promise<void>): Promise<void> {
  const handle = await open(path, "wx");
  try {
    // writeFile on a handle continues where the last one ended, and writes everything.
    await write({ write: (bytes) => handle.writeFile(bytes) });
    await handle.sync();
  } catch (error) {
    await handle.close();
    await rm(path, { force: true });
    throw error;
  }
  await handle.close();
}

/** Makes renames in a folder durable, where the system can (Windows cannot open folders). */
async function syncFolder(directory: string): Promise<void> {
  const handle = await open(directory, "r").catch(() => null);
  await handle?.sync().catch(() => {});
  await handle?.close();
}

/**
 * Writes a file piece by piece under a temporary name and renames it when it is complete and on the disk: at every moment
 * `path` holds the old file or the new one, never a part. Makes the folder if need be.
 */
export async function writeFileAtomically(path: string, write: (sink: ByteSink) => Promise<void>): Promise<void> {
  const directory = dirname(path);
  await mkdir(directory, { recursive: true });
  await sweepParts(directory);
  const part = join(directory, partOf(basename(path)));
  await writeDurably(part, write);
  await rename(part, path).catch(async (error: unknown) => {
    await rm(part, { force: true });
    throw error;
  });
  await syncFolder(directory);
}

/**
 * Writes files into a folder (made if need be): first all of them under temporary names, then the renames, so that a full
 * disk or an interruption leaves the old files as they were.
 * @throws `ConfigError` for a name that is more than a name
 */
export async function writeFilesAtomically(directory: string, files: FileMap): Promise<void> {
  const names = Object.keys(files);
  for (const name of names)
    if (name !== basename(name) || name === "" || name === "." || name === "..")
      throw new ConfigError(`writing files: expected a file's name, got ${JSON.stringify(name)}`, { name });
  await mkdir(directory, { recursive: true });
  await sweepParts(directory);
  const parts = names.map((name) => join(directory, partOf(name)));
  try {
    for (const [i, name] of names.entries()) await writeDurably(parts[i]!, (sink) => sink.write(files[name]!));
    for (const [i, name] of names.entries()) await rename(parts[i]!, join(directory, name));
  } catch (error) {
    await Promise.all(parts.map((part) => rm(part, { force: true })));
    throw error;
  }
  await syncFolder(directory);
}
