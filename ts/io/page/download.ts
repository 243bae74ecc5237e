import { type Failure, fetched } from "../address-source.js";
import { throwIfAborted } from "../../waiting/abort.js";
import type { FileWriter, PartFile } from "./cached-file.js";
import { asQuotaError, checkRoom } from "./storage.js";

/** A file's bytes on their way. */
export interface Download {
  /** Size of the whole file; null if the server does not send it. */
  readonly total: number | null;
  /** Whether this may be the compressed size: pages cannot see another origin's `Content-Encoding`. */
  readonly onTheWay: boolean;
  /** Validator of this version of the file, for resuming; null if the download cannot be resumed. */
  readonly validator: string | null;
  /** Bytes that are there already. */
  readonly from: number;
  /** The remaining bytes; null if there are none. */
  readonly body: ReadableStream<Uint8Array> | null;
}

/** How an answer begins that says how large it is: the body is not compressed on the way. */
const plain = ({ headers }: Response) => headers.get("content-encoding") === null;

/** A strong ETag, otherwise the date; null if there is neither, or the server compresses. */
function validatorOf(response: Response): string | null {
  const tag = response.headers.get("etag");
  if (!plain(response)) return null;
  return tag !== null && !tag.startsWith("W/") ? tag : response.headers.get("last-modified");
}

/** Start of a response's range, and the whole size; null if it is not a range. */
function rangeIn({ status, headers }: Response): { from: number; total: number } | null {
  const match = /^bytes (\d+)-\d+\/(\d+)$/.exec(headers.get("content-range") ?? "");
  return status === 206 && match !== null ? { from: Number(match[1]), total: Number(match[2]) } : null;
}

function sizeOf(response: Response): number | null {
  const length = response.headers.get("content-length");
  return plain(response) && length !== null && /^\d+$/.test(length) ? Number(length) : null;
}

/** Whether an answer's body may be compressed without this being seen. A range never is. */
const isVeiled = ({ status, type }: Response) => status === 200 && type === "cors";

/**
 * Requests to other origins omit `If-Range`, which they would have to allow; the response is compared instead. If all bytes are there, the
 * last one is requested again, so that the server confirms the version.
 */
function requestFor(url: string, part: PartFile | null, safe: number): RequestInit {
  if (part === null) return {};
  const headers: Record<string, string> = { Range: `bytes=${Math.min(safe, part.total - 1)}-` };
  const own = (globalThis as Partial<typeof globalThis>).location?.origin;
  if (new URL(url).origin === own) headers["If-Range"] = part.validator;
  return { headers };
}

/** Whether a server says in its way that it has no such file. */
const isMissing = ({ status, headers }: Response) =>
  status === 404 || status === 403 || /^text\/html\b/.test(headers.get("content-type") ?? "");

/**
 * Requests a file, or its missing part. A server that ignores ranges, or whose file has changed, sends it from the start. Null if the
 * server does not have it, unless it is `needed`.
 *
 * @param part its part in the folder; null for none
 */
export async function startDownload(
  url: string,
  part: PartFile | null,
  safe: number,
  { needed, signal }: { readonly needed: boolean; readonly signal: AbortSignal | undefined },
  fail: Failure,
): Promise<Download | null> {
  throwIfAborted(signal);
  // A cache between would answer for a server that has another file by now.
  const request: RequestInit = { ...requestFor(url, part, safe), cache: "no-store", ...(signal && { signal }) };
  const response = await fetched(url, request, (problem, cause) => {
    throwIfAborted(signal);
    return fail(problem, cause);
  });
  const range = rangeIn(response);
  const validator = validatorOf(response);
  // Another origin may hide the range that it sends: then the whole file is requested.
  if (part !== null && (response.status === 416 || response.status === 206)) {
    const same = range !== null && validator === part.validator && range.total === part.total;
    const all = same && safe === part.total;
    if (same && (all || range.from === safe)) {
      if (all) await response.body?.cancel();
      return { total: part.total, onTheWay: false, validator, from: safe, body: all ? null : response.body };
    }
    await response.body?.cancel();
    return startDownload(url, null, 0, { needed, signal }, fail);
  }
  if (response.status !== 200) {
    await response.body?.cancel();
    if (response.status === 404 || (!needed && isMissing(response))) return null;
    throw fail(`answered ${response.status}`);
  }
  if (!needed && isMissing(response)) {
    await response.body?.cancel();
    return null;
  }
  return { total: sizeOf(response), onTheWay: isVeiled(response), validator, from: 0, body: response.body };
}

/**
 * Completes a download. Throws if it is interrupted: the bytes so far are durable, and the download can be resumed.
 * @param most the file's size if the server's is uncertain; more bytes are rejected
 * @param onBytes called with the sum
 */
export async function receive(
  { body, total, onTheWay, from }: Download,
  most: number,
  writer: FileWriter,
  signal: AbortSignal | undefined,
  onBytes: (received: number) => void,
  fail: Failure,
): Promise<void> {
  if (total !== null) await checkRoom(total - from).catch((error: unknown) => endWith(body, error));
  onBytes(writer.bytes);
  const reader = body?.getReader();
  let broken: { readonly cause: unknown } | null = null;
  while (reader !== undefined && broken === null) {
    const next = await reader.read().catch((cause: unknown) => void (broken = { cause }));
    if (next === undefined || next.done) break;
    const size = onTheWay ? most : (total ?? most);
    if (writer.bytes + next.value.byteLength > size)
      await endWith(reader, fail(`sends more than the ${size} bytes that it has`));
    await writer.write(next.value).catch(async (error: unknown) => {
      const missing = Math.max(total ?? 0, writer.bytes) - writer.safe;
      return endWith(reader, await asQuotaError(error, missing));
    });
    onBytes(writer.bytes);
  }
  await writer.flush();
  if (broken !== null) {
    throwIfAborted(signal);
    const of = total === null ? "" : ` of ${total}`;
    const { cause } = broken as { cause: unknown };
    throw fail(`broke off after ${writer.bytes}${of} bytes (${String(cause)}); call again to go on from there`, cause);
  }
  // The browser has compared the compressed size itself.
  if (total !== null && !onTheWay && writer.bytes !== total)
    throw fail(`sent ${writer.bytes} bytes in place of ${total}`);
}

async function endWith(body: { cancel(): Promise<void> } | null | undefined, error: unknown): Promise<never> {
  await body?.cancel().catch(() => undefined);
  throw error;
}
