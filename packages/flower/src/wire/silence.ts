import { stopwatch, timer } from "lowrank/extension";

/** Slowest upload in bytes per second. While a request is being sent, there is no answer. */
const SLOWEST = 2 ** 14;

/** Milliseconds in which received data are processed. */
const GRACE = 100;

/** Time limit for a silent server. Without it, an open connection could block the node forever. */
export class Silence {
  /** Aborted by the caller's signal, and after the time limit. */
  readonly signal: AbortSignal;
  private readonly over = new AbortController();
  private elapsed = stopwatch();
  private waiting: ReturnType<typeof timer>;
  private left: number;
  private isLast = false;

  /**
   * @param seconds time limit without a byte of the answer
   * @param bytes size of the request; its upload time is not counted
   */
  constructor(
    private readonly seconds: number,
    bytes: number,
    signal: AbortSignal | undefined,
  ) {
    this.signal = signal === undefined ? this.over.signal : AbortSignal.any([signal, this.over.signal]);
    this.left = 1000 * (seconds + bytes / SLOWEST);
    this.wait(this.left);
  }

  /** Records that a part of the answer has arrived. */
  readonly heard = (): void => {
    this.elapsed = stopwatch();
    this.left = 1000 * this.seconds;
    this.isLast = false;
  };

  end(): void {
    clearTimeout(this.waiting);
  }

  /** Checks again when the limit may be reached, not after each part. */
  private wait(milliseconds: number): void {
    this.waiting = timer(milliseconds, () => {
      const more = this.left - this.elapsed();
      if (more > 0) return this.wait(more);
      // If this thread was busy, data that have arrived are processed first.
      if (!this.isLast) {
        this.isLast = true;
        return this.wait(GRACE);
      }
      this.over.abort(new Error("the server keeps the connection open but does not answer"));
    });
  }
}
