import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { mkdir, open, readFile, rename, stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { checkRecord, unexpected } from "../../../arguments/settings.js";
import { ModelError } from "../../../errors/errors.js";
import { throwIfAborted } from "../../../waiting/abort.js";
import type { PinnedFile } from "../../known-models.js";
import { withFolder } from "../folders.js";
import { withPart } from "../write-files.js";
import { hasFile } from "./model-folder.js";

/**
 * Where models are kept: $LOWRANK_CACHE, else lowrank in $XDG_CACHE_HOME, else ~/.cache/lowrank. Throws `ConfigError` for
 * variables that are no strings.
 */
export function cacheFolder(environment: Record<string, string | undefined> = process.env): string {
  checkRecord("cacheFolder: environment is an object of strings", environment);
  const { LOWRANK_CACHE: own, XDG_CACHE_HOME: shared } = environment;
  for (const value of [own, shared]) {
    if (value === undefined || typeof value === "string") continue;
    throw unexpected("cacheFolder", "an environment variable", "a string", value);
  }
  return resolve(own || join(shared || join(homedir(), ".cache"), "lowrank"));
}

/** Hashes of a folder's files: a file with the same size and time need not be hashed again. */
const RECORD = ".verified.json";

interface Verified extends PinnedFile {
  readonly mtimeMs: number;
}

function isVerified(entry: unknown): entry is Verified {
  const { name, bytes, sha256, mtimeMs } = (entry ?? {}) as Partial<Record<keyof Verified, unknown>>;
  const parts = typeof name === "string" ? name.split("/") : [];
  const isName = parts.length > 0 && parts.every((part) => part !== "" && part !== ".." && basename(part) === part);
  return isName && typeof sha256 === "string" && typeof bytes === "number" && typeof mtimeMs === "number";
}

async function readRecord(folder: string): Promise<readonly Verified[]> {
  try {
    const entries: unknown = JSON.parse(await readFile(join(folder, RECORD), "utf8"));
    return Array.isArray(entries) && entries.every(isVerified) ? entries : [];
  } catch {
    // Absent or damaged: the files are hashed.
    return [];
  }
}

async function record(folder: string, files: readonly PinnedFile[]): Promise<void> {
  const timed = files.map(async (file) => ({ ...file, mtimeMs: (await stat(join(folder, file.name))).mtimeMs }));
  await writeFile(join(folder, RECORD), JSON.stringify(await Promise.all(timed), null, 1));
}

/**
 * Checks that a cached model's files exist, and are the pinned ones or, without pins, the downloaded ones.
 * @param required names that must exist
 * @returns false if the folder is missing
 * @throws `ModelError` for a missing or damaged file
 */
export async function checkCached(
  folder: string,
  required: readonly string[],
  pinned: readonly PinnedFile[],
  signal?: AbortSignal,
): Promise<boolean> {
  if (!existsSync(folder)) return false;
  const known = await readRecord(folder);
  const expected = pinned.length > 0 ? pinned : known;
  const names = [...required, ...expected.map(({ name }) => name)];
  const missing = names.find((name) => !hasFile(folder, name));
  if (missing !== undefined) throw new ModelError(`${folder} has no ${missing}`, { folder, file: missing });
  let hashed = false;
  for (const file of expected) {
    const path = join(folder, file.name);
    const { size, mtimeMs } = await stat(path);
    const before = known.find(({ name }) => name === file.name);
    if (before && size === file.bytes && before.mtimeMs === mtimeMs && before.sha256 === file.sha256) continue;
    checkDigest(file, await digestFile(path, signal), "the cache");
    hashed = true;
  }
  // A cache that cannot be written to still serves.
  if (hashed) await record(folder, expected).catch(() => {});
  return true;
}

/**
 * Fills a model's folder in the cache: `fetch` puts the files into a temporary folder beside it, which takes its place in one rename when
 * all are there. So the cache always has only complete models.
 * @param fetch returns the checked files
 */
export async function fillCached(
  folder: string,
  fetch: (scratch: string) => Promise<readonly PinnedFile[]>,
): Promise<void> {
  const [cache, name] = [dirname(folder), basename(folder)];
  await withFolder(cache, () =>
    withPart(cache, name, async (scratch) => {
      await mkdir(scratch);
      const fetched = await fetch(scratch);
      await record(scratch, fetched);
      await rename(scratch, folder).catch(async () => {
        // A folder cannot be renamed onto one with files in it. Where another process was faster, its files serve, and may
        // be in use; what is damaged steps aside.
        if (await checkCached(folder, [], fetched).catch(() => false)) return;
        await withPart(cache, name, async (old) => {
          await rename(folder, old);
          await rename(scratch, folder);
        });
      });
    }),
  );
}

/** Size and SHA-256 of written or read bytes. */
export interface Digest {
  readonly bytes: number;
  readonly sha256: string;
}

/** Size and hash of a file. Throws `AbortError` when cancelled. */
export async function digestFile(path: string, signal?: AbortSignal): Promise<Digest> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    throwIfAborted(signal);
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest("hex") };
}

/** Writes chunks to a new file as they arrive, and hashes them; on the disk when it returns. `onBytes` is called with the sum. */
export async function saveStream(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  onBytes: (received: number) => void = () => {},
): Promise<Digest> {
  const handle = await open(path, "wx");
  try {
    const hash = createHash("sha256");
    let bytes = 0;
    for await (const chunk of chunks) {
      await handle.writeFile(chunk);
      hash.update(chunk);
      bytes += chunk.length;
      onBytes(bytes);
    }
    await handle.sync();
    return { bytes, sha256: hash.digest("hex") };
  } finally {
    await handle.close();
  }
}

/** Throws `ModelError` if a file differs from the expected one; `from` is its origin. */
export function checkDigest(file: PinnedFile, got: Digest, from: string): void {
  const { name, bytes, sha256 } = file;
  if (got.bytes !== bytes)
    throw new ModelError(`${name} from ${from}: expected ${bytes} bytes, got ${got.bytes}`, {
      file: name,
      bytes,
      got: got.bytes,
    });
  if (got.sha256 !== sha256)
    throw new ModelError(
      `${name} from ${from}: expected SHA-256 ${sha256}, got ${got.sha256}: it is damaged or another version`,
      { file: name, sha256, got: got.sha256 },
    );
}
