import { createReadStream } from "node:fs";
import { basename, join } from "node:path";
import { Unzip, UnzipInflate } from "fflate";
import { FormatError } from "../../../errors/errors.js";
import type { Digest } from "../save-stream.js";
import { saveStream } from "../save-stream.js";

/**
 * Extracts files from a streamed zip archive, so that neither the archive nor a file is in memory as a whole.
 * @param wanted paths within the archive; each goes to `folder` under its last part
 * @returns size and hash of the found files, by path
 */
export async function unzipFiles(
  archive: string,
  wanted: ReadonlySet<string>,
  folder: string,
): Promise<Map<string, Digest>> {
  const digests = new Map<string, Digest>();
  // The unzipper pushes data; they are written after each piece of the archive.
  const pending = new Map<string, { chunks: Uint8Array[]; ended: boolean }>();
  let failure: Error | null = null;
  const unzip = new Unzip((entry) => {
    if (!wanted.has(entry.name)) return;
    const state = { chunks: [] as Uint8Array[], ended: false };
    pending.set(entry.name, state);
    entry.ondata = (error, data, final) => {
      if (error) failure = error;
      else state.chunks.push(data);
      state.ended = final;
    };
    entry.start();
  });
  unzip.register(UnzipInflate);

  const source = createReadStream(archive, { highWaterMark: 1 << 18 });
  const pieces = source[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let finished = false;
  /** Feeds the next piece of the archive; false after the last. */
  const advance = async () => {
    if (finished) return false;
    const { value, done } = await pieces.next();
    finished = done === true;
    unzip.push(finished ? new Uint8Array(0) : (value as Buffer), finished);
    if (failure) throw failure;
    return true;
  };
  async function* chunksOf(state: { chunks: Uint8Array[]; ended: boolean }) {
    do {
      yield* state.chunks.splice(0);
      if (state.ended) return;
    } while (await advance());
    throw new FormatError(`${archive}: the archive is cut short`, { file: archive });
  }
  try {
    do {
      for (const [name, state] of pending) {
        pending.delete(name);
        digests.set(name, await saveStream(join(folder, basename(name)), chunksOf(state)));
      }
    } while (pending.size > 0 || (await advance()));
  } finally {
    source.destroy();
  }
  return digests;
}
