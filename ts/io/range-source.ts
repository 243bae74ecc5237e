import type { ModelError } from "../errors/errors.js";
import { clip } from "../errors/excerpt.js";
import { throwIfAborted } from "../waiting/abort.js";
import type { ByteSource } from "./byte-source.js";

/** Makes an error about a URL. */
export type Failure = (problem: string, cause?: unknown) => ModelError;

/** A response with any status. Throws if there is none. */
export async function fetched(url: string, options: RequestInit, fail: Failure): Promise<Response> {
  return fetch(url, options).catch((cause: unknown) => {
    throw fail(`could not be fetched: ${clip(String(cause))}`, cause);
  });
}

/** How much of a body is wanted. */
export interface BodyLimits {
  /** Maximum number of bytes, if known: no more are read. */
  readonly most?: number | undefined;
  /** Cancels the download. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The body of a response. Throws if it breaks off or is longer than allowed, and `AbortError`; the download then ends.
 */
export async function bodyOf(response: Response, fail: Failure, limits: BodyLimits = {}): Promise<Uint8Array> {
  const { most = Infinity, signal } = limits;
  // In a test's sandbox, `fetch` may lack streams.
  if (!response.body) return new Uint8Array(await response.arrayBuffer());
  const reader = response.body.getReader();
  let all = roomFor(response, most);
  const stop = () => void reader.cancel().catch(() => undefined);
  if (signal?.aborted) stop();
  signal?.addEventListener("abort", stop, { once: true });
  try {
    for (let size = 0; ;) {
      const { done, value } = await reader.read().catch((cause: unknown) => {
        throw fail(`broke off: ${clip(String(cause))}`, cause);
      });
      throwIfAborted(signal);
      // A slice, which frees unused room.
      if (done) return size === all.length ? all : all.slice(0, size);
      const end = size + value.byteLength;
      if (end > most) throw fail(`sends more than the ${most} bytes that it may have`);
      if (end > all.length) {
        const grown = new Uint8Array(Math.max(end, Math.min(2 * size, most)));
        grown.set(all.subarray(0, size));
        all = grown;
      }
      all.set(value, size);
      size = end;
    }
  } catch (error) {
    stop();
    throw error;
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}

/** Room for a body with the length in its headers, if any: memory is used only when it is written. */
function roomFor({ headers }: Response, most: number): Uint8Array {
  const length = headers.get("content-encoding") === null ? Number(headers.get("content-length") ?? 0) : 0;
  try {
    return new Uint8Array(Math.min(length, most));
  } catch {
    return new Uint8Array(0);
  }
}

/** Ranges are aligned to this, so that small tensors come with their neighbours. */
const BLOCK = 256 * 1024;
/** Number of cached blocks: files are read almost in order. */
const KEPT = 16;

/** A file on a server that supports ranges. */
export interface RangedFile {
  /** Size of the whole file. */
  readonly size: number;
  /** The server's version of the file; null if unknown. */
  readonly version: string | null;
  /** First block of the file. */
  readonly start: Uint8Array;
}

/**
 * Requests the first block of a file. If the answer is the whole file, or a 404, it is in `response`; null if the answer cannot be used:
 * then request the whole file, which gives a clear error.
 */
export async function probe(
  url: string,
  fail: Failure,
  signal: AbortSignal | undefined,
): Promise<RangedFile | { readonly response: Response } | null> {
  try {
    const response = await fetch(url, rangeOf(0, BLOCK));
    if (response.status === 200 || response.status === 404) return { response };
    const size = sizeIn(response, 0, BLOCK);
    if (size === null) {
      await response.body?.cancel();
      return null;
    }
    const most = Math.min(BLOCK, size);
    const start = await bodyOf(response, fail, { most, signal });
    return start.byteLength === most ? { size, version: versionOf(response), start } : null;
  } catch {
    // Other origins may refuse only range requests.
    return null;
  }
}

/** A file that is read range by range. A read throws `ModelError` if the file has changed. */
export function rangeSource(
  url: string,
  { size, version, start }: RangedFile,
  fail: Failure,
  signal: AbortSignal | undefined,
): ByteSource {
  const blocks = new Map([[0, start]]);
  const keep = (block: number, bytes: Uint8Array) => {
    blocks.delete(block);
    blocks.set(block, bytes);
    for (const oldest of blocks.keys()) if (blocks.size > KEPT) blocks.delete(oldest);
  };
  const read = async (offset: number, length: number) => {
    const [first, end] = [Math.floor(offset / BLOCK), Math.ceil((offset + length) / BLOCK)];
    const known = joined(blocks, first, end);
    const bytes = known ?? (await readBlocks(first * BLOCK, Math.min(end * BLOCK, size)));
    // The last blocks of a large tensor: its neighbours begin there. Copies, since a view would keep all of it.
    const edges = known === null && end - first > KEPT ? [first, end - 1] : range(first, end);
    for (const block of edges) {
      const at = (block - first) * BLOCK;
      keep(block, blocks.get(block) ?? bytes.slice(at, at + BLOCK));
    }
    return bytes.subarray(offset - first * BLOCK, offset - first * BLOCK + length);
  };
  const readBlocks = async (from: number, to: number): Promise<Uint8Array> => {
    const response = await fetched(url, rangeOf(from, to), fail);
    // A server may answer with the whole file at any time.
    const whole = response.status === 200;
    const rightRange = whole || sizeIn(response, from, to) === size;
    if (versionOf(response) !== version && response.ok) {
      await response.body?.cancel();
      throw fail("changed while it was read: its ETag or date is another one; load it again");
    }
    if (!rightRange) {
      await response.body?.cancel();
      const range = response.headers.get("content-range");
      throw fail(`answered ${response.status}, range ${range ?? "none"}, for bytes ${from} to ${to - 1} of ${size}`);
    }
    const expected = whole ? size : to - from;
    const body = await bodyOf(response, fail, { most: expected, signal });
    if (body.byteLength !== expected) throw fail(`sent ${body.byteLength} bytes in place of ${expected}`);
    return whole ? body.slice(from, to) : body;
  };
  return { size, read: (offset, length) => (length === 0 ? Promise.resolve(new Uint8Array(0)) : read(offset, length)) };
}

/** Concatenated blocks; null if one is missing. */
function joined(blocks: ReadonlyMap<number, Uint8Array>, first: number, end: number): Uint8Array | null {
  const parts = range(first, Math.min(end, first + KEPT + 1)).map((block) => blocks.get(block));
  if (parts.length < end - first || parts.includes(undefined)) return null;
  if (parts.length === 1) return parts[0]!;
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part!.byteLength, 0));
  parts.forEach((part, i) => all.set(part!, i * BLOCK));
  return all;
}

const range = (start: number, end: number) => Array.from({ length: end - start }, (_, i) => start + i);

const rangeOf = (from: number, to: number): RequestInit => ({ headers: { Range: `bytes=${from}-${to - 1}` } });

/** Size of the file if an answer is the requested range, or its part before the end; null for another range. */
function sizeIn({ status, headers }: Response, from: number, to: number): number | null {
  const match = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(headers.get("content-range") ?? "");
  if (status !== 206 || match === null) return null;
  const [first, last, size] = [Number(match[1]), Number(match[2]), Number(match[3])];
  return first === from && last === Math.min(to, size) - 1 && Number.isSafeInteger(size) ? size : null;
}

const versionOf = ({ headers }: Response): string | null => headers.get("etag") ?? headers.get("last-modified");
