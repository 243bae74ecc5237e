import { timer } from "../../waiting/next-task.js";
import { busy, stopping } from "./api-error.js";

/** Requests whose answers are not complete: at most a number of them, each for a time. */
export class ActiveRequests {
  /** When the time of each is over, and what breaks it off. */
  private readonly active = new Map<() => void, { readonly time: number; drop: () => void }>();
  private readonly idle: (() => void)[] = [];
  /** Whether no further ones are accepted. */
  closing = false;

  /** @param timeout milliseconds of a request */
  constructor(
    private readonly places: number,
    private readonly timeout: number,
  ) {}

  /** Number of active requests. */
  get count(): number {
    return this.active.size;
  }

  /** Whether there is a place for another. */
  get isFull(): boolean {
    return this.active.size >= this.places;
  }

  /** Counts a request until the returned function is called. Throws `ApiError` if there is no place, or the server is stopping. */
  enter(): { readonly time: number; readonly leave: () => void } {
    if (this.closing) throw stopping();
    this.dropLate(Date.now());
    if (this.isFull) throw busy(`${this.active.size} requests are being answered; ask again in a moment`);
    const time = Date.now() + this.timeout;
    const leave = () => {
      if (this.active.delete(leave) && this.active.size === 0) for (const resolve of this.idle.splice(0)) resolve();
    };
    this.active.set(leave, { time, drop: leave });
    return { time, leave };
  }

  /** Sets what breaks an answer off that nobody reads. @param leave of the request */
  setDrop(leave: () => void, drop: () => void): void {
    const own = this.active.get(leave);
    if (own !== undefined) own.drop = drop;
  }

  /** Breaks off answers that nobody has read in time, and forgets requests that an edge runtime has dropped. */
  dropLate(now: number): void {
    for (const { time, drop } of [...this.active.values()]) if (time < now) drop();
  }

  /** Accepts no further ones, and waits for the last. Safe to call twice. */
  async close(): Promise<void> {
    this.closing = true;
    const limit = timer(this.timeout, () => this.dropLate(Infinity));
    if (this.active.size > 0) await new Promise<void>((resolve) => this.idle.push(resolve));
    clearTimeout(limit);
  }
}
