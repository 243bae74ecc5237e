import { ConfigError } from "../../../errors/errors.js";
import { clip } from "../../../errors/excerpt.js";
import { concatenated } from "../../concatenated.js";
import { absent, answerOf, type Ask, discard, interruption, refused } from "./answer.js";
import { Interrupted, Patience, Silence } from "./patience.js";

/** Where a download's bytes go. One that begins anew comes from offset 0 again. */
type Write = (offset: number, bytes: Uint8Array) => void | Promise<void>;

/** What is wanted of a download. */
export interface DownloadLimits {
  /** Bytes that are taken at most; default no limit. */
  readonly most?: number;
  /** Cancels with `AbortError`. */
  readonly signal?: AbortSignal | undefined;
  /** Looks at the first answer. What it throws ends the download. */
  readonly check?: (response: Response) => void;
}

/** What has been downloaded. */
interface Downloaded {
  readonly bytes: number;
  /** The server's ETag for it; null where it gave none. */
  readonly version: string | null;
}

/**
 * Downloads a file; null where the server has none. What breaks off is gone on with from there where the server answers ranges
 * and the file is still the same, else from the start. Throws `ConfigError` where it is refused, too large, or broken off too often.
 */
export async function download(
  name: string,
  ask: Ask,
  write: Write,
  { most = Infinity, signal, check }: DownloadLimits = {},
): Promise<Downloaded | null> {
  const patience = new Patience(name, signal);
  let [at, furthest] = [0, 0];
  let version: string | null = null;
  for (;;) {
    const silence = new Silence(signal);
    try {
      const response = await answerOf(ask, at > 0 && version !== null ? rest(at, version) : {}, silence.signal);
      if (response.status === 404) return await absent(name, response);
      if (!response.ok) {
        // The file has become shorter than what was there of it.
        if (response.status !== 416 || at === 0) return await refused(name, response);
        await discard(response);
        at = 0;
        throw new Interrupted("became another file");
      }
      try {
        check?.(response);
      } catch (error) {
        await discard(response);
        throw error;
      }
      const total = totalOf(response);
      const etag = response.headers.get("etag");
      // Some servers know ranges and do not ask whether the file is still the same: its parts would be of two.
      if (response.status === 206 && (beginOf(response) !== at || (at > 0 && etag !== null && etag !== version))) {
        await discard(response);
        at = 0;
        throw new Interrupted("became another file");
      }
      at = beginOf(response);
      version = strong(etag);
      if (total > most) {
        await discard(response);
        throw tooLarge(name, total, most);
      }
      for await (const bytes of body(response)) {
        silence.heard();
        if (at + bytes.length > most) throw tooLarge(name, at + bytes.length, most);
        await write(at, bytes);
        at += bytes.length;
      }
      if (Number.isFinite(total) && at < total) throw new Interrupted(`broke off after ${at} of ${total} bytes`);
      return { bytes: at, version: response.headers.get("etag") };
    } catch (error) {
      if (at > furthest) patience.rewarded();
      furthest = Math.max(at, furthest);
      await patience.after(error);
      if (version === null) at = 0;
    } finally {
      silence.over();
    }
  }
}

/** A download as a whole, in memory. Errors as `download`. */
export async function downloadWhole(
  name: string,
  ask: Ask,
  limits: DownloadLimits = {},
): Promise<{ readonly bytes: Uint8Array; readonly version: string | null } | null> {
  let pieces: Uint8Array[] = [];
  const found = await download(
    name,
    ask,
    (offset, bytes) => {
      if (offset === 0) pieces = [];
      pieces.push(bytes);
    },
    limits,
  );
  return found && { bytes: concatenated(pieces), version: found.version };
}

const rest = (at: number, version: string) => ({ range: `bytes=${at}-`, "if-range": version });

/** Of weak ones nothing is known about the bytes. */
const strong = (etag: string | null) => (etag === null || etag.startsWith("W/") ? null : etag);

const RANGE = /^bytes (\d+)-\d+\/(\d+)$/;

/** Where an answer begins in the file. */
function beginOf({ status, headers }: Response): number {
  return status === 206 ? Number(RANGE.exec(headers.get("content-range") ?? "")?.[1] ?? 0) : 0;
}

/** Bytes of the whole file, where the answer says it; else NaN. */
function totalOf({ status, headers }: Response): number {
  if (status === 206) return Number(RANGE.exec(headers.get("content-range") ?? "")?.[2] ?? NaN);
  const length = headers.get("content-encoding") === null ? headers.get("content-length") : null;
  return length === null ? NaN : Number(length);
}

async function* body(response: Response): AsyncGenerator<Uint8Array> {
  if (response.body === null) return;
  const chunks = (response.body as ReadableStream<Uint8Array>)[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { done, value } = await chunks.next().catch((cause: unknown) => {
        throw interruption("broke off", cause);
      });
      if (done === true) return;
      yield value;
    }
  } finally {
    await chunks.return?.().catch(() => undefined);
  }
}

const tooLarge = (name: string, bytes: number, most: number) =>
  new ConfigError(
    `${clip(name)} has ${bytes} bytes or more; at most ${most} can be read at once: split it into several`,
    {
      name,
      size: bytes,
    },
  );
