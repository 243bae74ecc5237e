import { setTimeout as sleep } from "node:timers/promises";
import { ConfigError } from "../../../errors/errors.js";
import { clip } from "../../../errors/excerpt.js";
import { throwIfAborted } from "../../../waiting/abort.js";

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
export async function absent(name: string, response: Response): Promise<null> {
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
