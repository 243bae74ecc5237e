import { setTimeout as sleep } from "node:timers/promises";
import { ConfigError } from "../../../errors/errors.js";
import { clip } from "../../../errors/excerpt.js";
import { throwIfAborted } from "../../../waiting/abort.js";
import { concatenated } from "../../byte-source.js";

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

/** Maximum tries in a row without progress, and the first wait between two in milliseconds; each further wait is three times as long. */
const TRIES = 6;
const FIRST_WAIT = 200;
/** How long a server may be silent, milliseconds. */
const SILENCE = 60_000;

/** A temporary error: no connection, an interrupted response, an overloaded server. */
export class Interrupted extends Error {}

/** Counts tries, and waits between them. */
export class Patience {
  private failed = 0;
  private wait: number;

  constructor(
    private readonly name: string,
    private readonly signal: AbortSignal | undefined,
    private readonly firstWait = FIRST_WAIT,
  ) {
    this.wait = firstWait;
  }

  /** Something came: what follows is tried as often again. */
  rewarded(): void {
    this.failed = 0;
    this.wait = this.firstWait;
  }

  /** Waits before the next try. Rethrows other errors; throws `ConfigError` after too many tries, and `AbortError`. */
  async after(error: unknown): Promise<void> {
    throwIfAborted(this.signal);
    if (!(error instanceof Interrupted)) throw error;
    if (++this.failed === TRIES)
      throw new ConfigError(
        `${clip(this.name)}: ${error.message}, ${TRIES} times in a row`,
        { name: this.name, tries: TRIES },
        { cause: error.cause },
      );
    const wait = this.wait;
    this.wait *= 3;
    await sleep(wait, undefined, { ...(this.signal && { signal: this.signal }) }).catch(() =>
      throwIfAborted(this.signal),
    );
  }
}

/** Ends what waits for a server that says nothing. */
export class Silence {
  private readonly end = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  /** Aborted by the caller's signal, or by silence. */
  readonly signal: AbortSignal;

  constructor(signal: AbortSignal | undefined) {
    this.signal = signal === undefined ? this.end.signal : AbortSignal.any([signal, this.end.signal]);
    this.heard();
  }

  /** Notes that the server has sent something. */
  heard(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.end.abort(new Error(`silent for ${SILENCE / 1000} seconds`)), SILENCE);
  }

  /** Notes that nothing more is awaited of the server. */
  over(): void {
    clearTimeout(this.timer);
  }
}

/** Asks a server for something; the headers may say for which part. */
export type Ask = (headers: Readonly<Record<string, string>>, signal: AbortSignal) => Promise<Response>;

/** Answers by which a server says that it may know better soon. 409 is what buckets say of two conditional writes at once. */
const PASSING = [408, 409, 425, 429, 500, 502, 503, 504];

/** The response. Throws `Interrupted` if none arrived, or for a temporary error. */
export async function answerOf(
  ask: Ask,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Response> {
  const response = await ask(headers, signal).catch((cause: unknown) => {
    throw interruption("could not be reached", cause);
  });
  if (!PASSING.includes(response.status)) return response;
  await discard(response);
  throw new Interrupted(`answered ${response.status}`);
}

/** Converts a network error to `Interrupted`. */
export function interruption(what: string, cause: unknown): Interrupted {
  // `fetch` reports only that it failed; the reason is in `cause`.
  const reason = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  return new Interrupted(`${what}: ${clip(reason instanceof Error ? reason.message : String(reason))}`, { cause });
}

/** Throws `ConfigError` that says what a server refused by. */
export async function refused(name: string, response: Response): Promise<never> {
  const { status, headers } = response;
  const text = headers.get("content-type")?.includes("xml") ? await response.text().catch(() => "") : "";
  if (text === "") await discard(response);
  const [code, message] = ["Code", "Message"].map(
    (tag) => new RegExp(`<${tag}>([^<]{1,200})</${tag}>`).exec(text)?.[1],
  );
  const why = code === undefined ? "" : ` (${code}${message === undefined ? "" : `: ${message}`})`;
  throw new ConfigError(`${clip(name)} answered ${status}${why}`, { name, status });
}

/** Whether the server does not have the file. Throws `ConfigError` if the bucket is missing. */
async function absent(name: string, response: Response): Promise<null> {
  if (!response.headers.get("content-type")?.includes("xml")) {
    await discard(response);
    return null;
  }
  const text = await response.text().catch(() => "");
  if (text.includes("<Code>NoSuchBucket</Code>"))
    throw new ConfigError(`${clip(name)} answered 404 (NoSuchBucket): there is no such bucket`, { name, status: 404 });
  return null;
}

/** Cancels an unread body. */
export async function discard(response: Response): Promise<void> {
  await response.body?.cancel().catch(() => undefined);
}
