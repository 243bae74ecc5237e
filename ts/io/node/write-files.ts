import { link, open, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { checkRecord, notExpected } from "../../arguments/settings.js";
import { ConfigError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import { type ByteSink, checkBytes } from "../byte-source.js";
import type { FileMap } from "../file-access.js";
import { withFolder } from "./folders.js";
import { ownMark, parseMark, stateOf } from "./process-mark.js";

/** Unfinished files and folders are called `.<name>.part-<mark>` until they are renamed. */
const partName = /^\..*\.part-([0-9a-f]+(?:-[0-9a-f]+)+)$/s;

/** An unfinished file is touched this often while it is written, … */
const BEAT_MS = 60_000;
/** … so that a file untouched for a day is abandoned, on whatever machine or container its writer ran. */
const ABANDONED_MS = 24 * 60 * 60 * 1000;

/** Bytes of a name that a part's name repeats: the whole must fit into the 255 that file systems allow. */
const NAME_BYTES = 120;

function partOf(name: string): string {
  const start = new TextDecoder().decode(new TextEncoder().encode(name).subarray(0, NAME_BYTES));
  return `.${start.replace(/\ufffd+$/, "")}.part-${ownMark()}`;
}

/**
 * Runs `body` with a temporary path beside `name`, which it may rename; a remaining file is removed afterwards. Meanwhile other processes
 * do not clean it up.
 */
export async function withPart<T>(
  directory: string,
  name: string,
  body: (part: string) => Promise<T>,
  beatMs = BEAT_MS,
): Promise<T> {
  await sweepParts(directory);
  const part = join(directory, partOf(name));
  const beat = setInterval(() => {
    const now = new Date();
    utimes(part, now, now).catch(() => {});
  }, beatMs);
  beat.unref();
  try {
    return await body(part);
  } finally {
    clearInterval(beat);
    await rm(part, { recursive: true, force: true });
  }
}

/** Removes abandoned temporary files: of this machine's dead processes, and any that were untouched for a day. A failure is no error. */
async function sweepParts(directory: string): Promise<void> {
  for (const name of await readdir(directory).catch(() => [])) {
    const mark = partName.exec(name)?.[1];
    if (mark === undefined) continue;
    const path = join(directory, name);
    if (await isAbandoned(path, mark)) await rm(path, { recursive: true, force: true }).catch(() => {});
  }
}

async function isAbandoned(path: string, mark: string): Promise<boolean> {
  const state = stateOf(parseMark(mark));
  if (state === "own" || state === "running") return false;
  if (state === "gone") return true;
  const touched = await stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => Infinity,
  );
  return Date.now() - touched > ABANDONED_MS;
}

/** Bytes after which written data are flushed to the disk, so that the final flush is short. */
const FLUSH = 32 * 1024 * 1024;

/** Runs `write` on a new file, which is on the disk when it returns. */
async function writeDurably(path: string, write: (sink: ByteSink) => Promise<void>): Promise<void> {
  const handle = await open(path, "wx");
  let [waiting, flushing] = [0, false];
  let flushed = Promise.resolve();
  const flush = () => {
    [waiting, flushing] = [0, true];
    // The system reports a failure once, so it is stored until the end.
    flushed = flushed.then(() => handle.datasync()).finally(() => (flushing = false));
    flushed.catch(() => {});
  };
  try {
    await write({
      // Not by writeFile, which writes half a megabyte at a time.
      async write(bytes) {
        for (let done = 0; done < bytes.byteLength;)
          done += (await handle.write(bytes, done, bytes.byteLength - done)).bytesWritten;
        waiting += bytes.byteLength;
        if (waiting >= FLUSH && !flushing) flush();
      },
    });
    await flushed;
    await handle.sync();
  } finally {
    await flushed.catch(() => {});
    await handle.close();
  }
}

/** Makes renames in a folder durable, if the system supports it (Windows cannot open folders). */
async function syncFolder(directory: string): Promise<void> {
  const handle = await open(directory, "r").catch(() => null);
  await handle?.sync().catch(() => {});
  await handle?.close();
}

/**
 * Writes a file piece by piece under a temporary name and renames it when it is complete and on the disk: at every moment
 * `path` holds the old file or the new one, never a part. Makes the folder if need be.
 */
export function writeFileAtomically(path: string, write: (sink: ByteSink) => Promise<void>): Promise<void> {
  return writeWhole(path, write, rename);
}

/** Writes a new file as `writeFileAtomically` does: if `path` exists by then, that file stays and the system's `EEXIST` is thrown. */
export function writeNewFile(path: string, write: (sink: ByteSink) => Promise<void>): Promise<void> {
  return writeWhole(path, write, publishNew);
}

/** Writes a file under a temporary name; `publish` renames it when it is complete and on the disk. */
async function writeWhole(
  path: string,
  write: (sink: ByteSink) => Promise<void>,
  publish: (part: string, path: string) => Promise<void>,
): Promise<void> {
  const directory = dirname(path);
  await withFolder(directory, () =>
    withPart(directory, basename(path), async (part) => {
      await writeDurably(part, write);
      await publish(part, path);
    }),
  );
  await syncFolder(directory);
}

/**
 * Writes files into a folder, which it creates if necessary, with the folders inside it in names such as "1_Pooling/config.json": first all
 * of them under temporary names, then the renames, so that a full disk or an interruption leaves the old files unchanged.
 * @param files by name, as bytes, or a promise of them, as `encoder.save` returns
 * @throws `ConfigError` for a name that leads out of the folder, and for contents that are not bytes
 */
export async function writeFilesAtomically(directory: string, files: FileMap | Promise<FileMap>): Promise<void> {
  if (typeof directory !== "string" || directory === "" || directory.includes("\0"))
    throw notExpected("writing files", "a folder's path", directory);
  const given = await files;
  checkRecord("writing files: expected bytes by name", given);
  const entries = Object.entries(given);
  for (const [name, bytes] of entries) {
    if (!name.split("/").every(isPlainName))
      throw new ConfigError(`writing files: expected a file's name, got ${excerpt(name)}`, { name });
    checkBytes("writing files", bytes);
  }
  const folders = [...new Set([directory, ...entries.map(([name]) => dirname(join(directory, name)))])];
  await withFolders(folders, () => writeAndRename(directory, entries));
  for (const folder of folders) await syncFolder(folder);
}

/** A file's or folder's name that is no more than that. */
const isPlainName = (name: string) =>
  name === basename(name) && name !== "" && name !== "." && name !== ".." && !name.includes("\0");

/** Runs `body` where all of these are folders, one in another. */
async function withFolders(folders: readonly string[], body: () => Promise<void>): Promise<void> {
  const [first, ...others] = folders;
  if (first === undefined) return body();
  await withFolder(first, () => withFolders(others, body));
}

/** Renames begin after the last file is written: one nested call for each file. */
async function writeAndRename(directory: string, files: readonly [name: string, bytes: Uint8Array][]): Promise<void> {
  const [first, ...others] = files;
  if (first === undefined) return;
  const [name, bytes] = first;
  const path = join(directory, name);
  await withPart(dirname(path), basename(path), async (part) => {
    await writeDurably(part, (sink) => sink.write(bytes));
    await writeAndRename(directory, others);
    await rename(part, path);
  });
}

/** Gives a file its name if the name is free; a rename would replace an existing file. @internal exported for its tests */
export async function publishNew(part: string, path: string): Promise<void> {
  await link(part, path).catch(async (error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") throw error;
    await renameNew(part, path);
  });
}

/**
 * Publishes a file in file systems without hard links: an empty file takes the name, which the rename then replaces.
 * @internal exported for its tests
 */
export async function renameNew(part: string, path: string): Promise<void> {
  await (await open(path, "wx")).close();
  await rename(part, path).catch(async (error: unknown) => {
    await rm(path, { force: true });
    throw error;
  });
}
