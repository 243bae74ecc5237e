import { type Failure, fetched } from "../fetched.js";
import { throwIfAborted } from "../../waiting/abort.js";
import type { FileWriter } from "./cached-file.js";
import type { PartFile } from "./cache-record.js";
import { asQuotaError, checkRoom } from "./quota.js";

/** A file's bytes on their way. */
export interface Download {
  /** Bytes of the whole file; null where the server does not say. */
  readonly total: number | null;
  /** Whether those may be what it has on the way, compressed: pages see no other origin's `Content-Encoding`. */
  readonly onTheWay: boolean;
  /** What names this state of the file, by which it can be gone on with; null where it cannot. */
  readonly validator: string | null;
  /** Bytes that are there already. */
  readonly from: number;
  /** The others; null where there are none. */
  readonly body: ReadableStream<Uint8Array> | null;
}

/** How an answer begins that says how large it is: the body is not compressed on the way. */
const plain = ({ headers }: Response) => headers.get("content-encoding") === null;

/** An ETag that stands for bytes, else the date; null where neither is there, or the server compresses what it sends. */
function validatorOf(response: Response): string | null {
  const tag = response.headers.get("etag");
  if (!plain(response)) return null;
  return tag !== null && !tag.startsWith("W/") ? tag : response.headers.get("last-modified");
}

/** Where an answer's range begins, and the size of the whole; null where it is none. */
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
 * Other origins are asked without `If-Range`, for which they would have to allow the header: what came is then compared. The
 * last byte is asked for again where all are there, so that the server says whether they are still those.
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
 * Asks for a file, or for what is missing of it. A server that ignores ranges, or has another file by now, sends it from the
 * start. Null where it has none, unless it is `needed`.
 *
 * @param part what is there of it, in the folder; null where nothing is
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
  // A server elsewhere may hide which range it sends: then it is asked for all of them.
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
 * Takes a download to its end. Throws where it breaks off: what came until then is safe, and can be gone on from.
 * @param most bytes that the file has where the server does not say for certain; no more are taken
 * @param onBytes is told the sum
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
  // The browser itself has compared what it counted on the way.
  if (total !== null && !onTheWay && writer.bytes !== total)
    throw fail(`sent ${writer.bytes} bytes in place of ${total}`);
}

async function endWith(body: { cancel(): Promise<void> } | null | undefined, error: unknown): Promise<never> {
  await body?.cancel().catch(() => undefined);
  throw error;
}
