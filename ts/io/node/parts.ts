import { readdir, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
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
