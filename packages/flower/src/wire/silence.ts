import { stopwatch, timer } from "lowrank/extension";

/** Bytes a second that a line carries at least: nothing is heard while a request is still on its way. */
const SLOWEST = 2 ** 14;

/** Milliseconds in which what has come is heard. */
const GRACE = 100;

/** How long a server may say nothing to a request: a connection that is held open would otherwise hold the node for ever. */
export class Silence {
  /** Aborted by the caller's signal, and where the server has said nothing for too long. */
  readonly signal: AbortSignal;
  private readonly over = new AbortController();
  private elapsed = stopwatch();
  private waiting: ReturnType<typeof timer>;
  private left: number;
  private isLast = false;

  /**
   * @param seconds without a byte of the answer
   * @param bytes of the request, whose way there is not counted
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

  /** Some of the answer has come. */
  readonly heard = (): void => {
    this.elapsed = stopwatch();
    this.left = 1000 * this.seconds;
    this.isLast = false;
  };

  end(): void {
    clearTimeout(this.waiting);
  }

  /** Looks again when it may be over, rather than once a piece. */
  private wait(milliseconds: number): void {
    this.waiting = timer(milliseconds, () => {
      const more = this.left - this.elapsed();
      if (more > 0) return this.wait(more);
      // Where this thread was busy until now, what has come meanwhile is heard first.
      if (!this.isLast) {
        this.isLast = true;
        return this.wait(GRACE);
      }
      this.over.abort(new Error("the server holds the connection, and says nothing"));
    });
  }
}
