import { clip } from "../errors/excerpt.js";
import type { ModelError } from "../errors/errors.js";
import { throwIfAborted } from "../waiting/abort.js";

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
  /** Its maximum number of bytes, if known: no more are read. */
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
