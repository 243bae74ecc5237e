import { ModelError } from "../errors/errors.js";
import { clip } from "../errors/excerpt.js";
import { throwIfAborted } from "../waiting/abort.js";
import { type ByteSource, bytesSource, readRange } from "./byte-source.js";
import { isGgufName } from "./gguf/index.js";
import { type ModelSource, mostBytes, type Watcher } from "./model-source.js";

let given: string | null = null;

/** Called in a worker whose page is elsewhere than its file: relative addresses begin from the page's. */
export function setPageAddress(address: string): void {
  given = address;
}

/** Base of relative addresses; undefined if there is none. */
export const pageAddress = (): string | undefined => given ?? (globalThis as Partial<typeof globalThis>).location?.href;

/** Files that every model has; for these, errors include the server's answer. */
const NEEDED = ["config.json", "tokenizer.json", "model.safetensors"];

/** Whether a server reports that there is no such file: buckets without listing, and servers of pages, do so differently. */
const isMissing = ({ status, headers }: Response, file: string) =>
  status === 404 ||
  (!NEEDED.includes(file) && (status === 403 || /^text\/html\b/.test(headers.get("content-type") ?? "")));

const NO_FILES =
  "is no address, and this entry point has no file system; pass the files by name (their bytes), or an address of http";

/** A hint for a name that was used as a URL. */
const adviceFor = (name: string) =>
  URL.canParse(name) || /^[./]/.test(name) ? "" : " (a name is an address here; cacheModel takes names on the hub)";

/** The absolute URL; in a page, relative to its origin. */
function fullAddress(url: string): string {
  const { document, location } = globalThis as { document?: { baseURI: string }; location?: { href: string } };
  return String(new URL(url, document?.baseURI ?? location?.href));
}

/** Whether `fetch` may work: not for a path in a runtime without a base URL, nor for a drive letter. */
function isAddress(url: string): boolean {
  const { location } = globalThis as { location?: { href: string } };
  return URL.canParse(url, location?.href) && !/^[a-z]:/i.test(url);
}

/**
 * A folder at a URL: `${address}/config.json` and so on. Tensors are read in ranges if the server supports them, so a model is never in
 * memory as a whole; otherwise each file is fetched at once. A URL that ends in .gguf is that file's. Aborting the watcher's signal cancels
 * downloads.
 *
 * @param name the model's name, if its URL is relative to a page
 */
export function addressSource(address: string, { signal }: Watcher = {}, name = address): ModelSource {
  if (isGgufName(address)) return { name, open: async () => null, gguf: () => ggufAt(address, signal) };
  const addressOf = (file: string) => `${address.replace(/\/$/, "")}/${file}`;
  return {
    name,
    explainMissing: (file) => ` at ${clip(fullAddress(addressOf(file)))}${adviceFor(name)}`,
    open: async (file) => {
      const url = addressOf(file);
      const fail = (problem: string, cause?: unknown) =>
        new ModelError(`model ${clip(address)}: ${clip(url)} ${problem}`, { url }, { cause });
      if (!isAddress(url)) throw fail(NO_FILES);
      const ranged = file.endsWith(".safetensors") ? await probe(url, fail, signal) : null;
      if (ranged !== null && "size" in ranged) return rangeSource(url, ranged, fail, signal);
      const response = ranged?.response ?? (await fetched(url, {}, fail));
      if (isMissing(response, file)) return null;
      const found = await wholeFile(response, mostBytes(file), fail, signal);
      if (NEEDED.includes(file)) await refusePage(found, file, name, url);
      return found;
    },
  };
}

async function ggufAt(url: string, signal: AbortSignal | undefined): Promise<ByteSource> {
  const fail = (problem: string, cause?: unknown) =>
    new ModelError(`model ${clip(url)} ${problem}`, { url }, { cause });
  if (!isAddress(url)) throw fail(NO_FILES);
  const ranged = await probe(url, fail, signal);
  if (ranged !== null && "size" in ranged) return rangeSource(url, ranged, fail, signal);
  return wholeFile(ranged?.response ?? (await fetched(url, {}, fail)), Infinity, fail, signal);
}

/** Servers of single-page applications answer every URL with their page and status 200. */
async function refusePage(found: ByteSource, file: string, name: string, url: string): Promise<void> {
  const start = new TextDecoder().decode(await readRange(found, 0, Math.min(found.size, 100), file));
  if (!/^\s*<(!doctype|html)/i.test(start)) return;
  const whole = fullAddress(url);
  const came = `${clip(whole)} answered with an HTML page in place of ${file}, as some servers do where there is none`;
  throw new ModelError(`model ${clip(name)}: ${came}${adviceFor(name)}`, { url: whole, file });
}

async function wholeFile(
  response: Response,
  most: number,
  fail: Failure,
  signal: AbortSignal | undefined,
): Promise<ByteSource> {
  if (!response.ok) throw fail(`answered ${response.status}`);
  return bytesSource(await bodyOf(response, fail, { most, signal }));
}

/** Makes an error about a URL. */
export type Failure = (problem: string, cause?: unknown) => ModelError;

/** A response with any status. Throws if there is none. */
export async function fetched(url: string, options: RequestInit, fail: Failure): Promise<Response> {
  return fetch(url, options).catch((cause: unknown) => {
    throw fail(`could not be fetched: ${clip(String(cause))}`, cause);
  });
}

/** How much of a body is wanted. */
interface BodyLimits {
  /** Maximum number of bytes, if known: no more are read. */
  readonly most?: number | undefined;
  /** Cancels the download. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The body of a response. Throws if it breaks off or is longer than allowed, and `AbortError`; the download then ends.
 */
async function bodyOf(response: Response, fail: Failure, limits: BodyLimits = {}): Promise<Uint8Array> {
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
interface RangedFile {
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
async function probe(
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
function rangeSource(
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
