import { readdir, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { ownMark, parseMark, stateOf } from "./process-mark.js";

/** Unfinished files and folders are called `.<name>.part-<mark>` until they are renamed. */
const partName = /^\..*\.part-([0-9a-f]+(?:-[0-9a-f]+)+)$/s;

/** What is unfinished but written to is touched this often, … */
const BEAT_MS = 60_000;
/** … so that what was not touched for a day is nobody's, whichever machine or container its writer ran on. */
const ABANDONED_MS = 24 * 60 * 60 * 1000;

/** Bytes of a name that a part's name repeats: the whole must fit into the 255 that file systems allow. */
const NAME_BYTES = 120;

function partOf(name: string): string {
  const start = new TextDecoder().decode(new TextEncoder().encode(name).subarray(0, NAME_BYTES));
  return `.${start.replace(/\ufffd+$/, "")}.part-${ownMark()}`;
}

/**
 * Runs `body` with a path beside that of `name` for something unfinished, which it may rename; what stands there
 * afterwards is removed. While it runs, what stands there is kept from other processes' sweeping.
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

/**
 * Removes what nobody will finish: parts of this machine's processes that are gone, and anyone's that were not touched for a
 * day. Failing at it is no error.
 */
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
