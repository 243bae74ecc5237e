import { ConfigError } from "../../../errors/errors.js";
import { clip } from "../../../errors/excerpt.js";
import { concatenated } from "../../byte-source.js";
import {
  absent,
  answerOf,
  type Ask,
  discard,
  Interrupted,
  interruption,
  Patience,
  refused,
  Silence,
} from "./answer.js";

/** Destination of a download's bytes. A restarted download begins at offset 0 again. */
type Write = (offset: number, bytes: Uint8Array) => void | Promise<void>;

/** Options of a download. */
export interface DownloadLimits {
  /** Maximum number of bytes; default no limit. */
  readonly most?: number;
  /** Cancels with `AbortError`. */
  readonly signal?: AbortSignal | undefined;
  /** Called with the first response. If it throws, the download ends with that error. */
  readonly check?: (response: Response) => void;
}

/** A finished download. */
interface Downloaded {
  readonly bytes: number;
  /** The server's ETag; null if it sent none. */
  readonly version: string | null;
}

/**
 * Downloads a file; null if the server does not have it. An interrupted download continues if the server supports ranges and the file has
 * not changed, otherwise from the start. Throws `ConfigError` if it is refused, too large, or interrupted too often.
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
        // The file is now shorter than the downloaded part.
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
      // Some servers send ranges without checking whether the file has changed: the parts would be of two files.
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

/** A strong ETag, or null: a weak one says nothing about the bytes. */
const strong = (etag: string | null) => (etag === null || etag.startsWith("W/") ? null : etag);

const RANGE = /^bytes (\d+)-\d+\/(\d+)$/;

/** Where an answer begins in the file. */
function beginOf({ status, headers }: Response): number {
  return status === 206 ? Number(RANGE.exec(headers.get("content-range") ?? "")?.[1] ?? 0) : 0;
}

/** Size of the whole file, if the response contains it; otherwise NaN. */
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
