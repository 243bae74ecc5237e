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

  /** It has said something. */
  heard(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.end.abort(new Error(`silent for ${SILENCE / 1000} seconds`)), SILENCE);
  }

  /** Nothing is awaited of it any more. */
  over(): void {
    clearTimeout(this.timer);
  }
}
