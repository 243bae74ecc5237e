import { stopwatch } from "../../waiting/next-task.js";

/** Which values are soon out of date. */
export interface Progress {
  /** Whether a value reports progress; others are delivered at once. */
  readonly passing: (value: unknown) => boolean;
  /** Whether a waiting value is out of date now that `next` is there. */
  readonly replaces: (waiting: unknown, next: unknown) => boolean;
}

/** Schedules the delivery; returns a function that cancels it. */
export type Schedule = (tell: () => void) => () => void;

/** Values for a listener: of those that replace each other only the newest, all others in order. */
export class ProgressQueue {
  private waiting: unknown[] = [];
  private cancel: (() => void) | null = null;

  constructor(
    private readonly tell: (value: unknown) => void,
    private readonly progress: Progress,
    private readonly schedule: Schedule,
  ) {}

  push(value: unknown): void {
    const { waiting, progress } = this;
    const passing = progress.passing(value);
    const last = waiting.at(-1);
    if (passing && waiting.length > 0 && progress.passing(last) && progress.replaces(last, value)) waiting.pop();
    waiting.push(value);
    if (!passing) this.flush();
    else if (this.cancel === null) this.wait();
  }

  private wait(): void {
    let delivered = false;
    const cancel = this.schedule(() => {
      delivered = true;
      this.flush();
    });
    // It may have delivered at once; the next value then schedules again.
    if (!delivered) this.cancel = cancel;
  }

  /** Delivers all waiting values at once: an answer must not overtake them. */
  readonly flush = () => {
    this.cancel?.();
    this.cancel = null;
    const values = this.waiting;
    this.waiting = [];
    for (const value of values) this.tell(value);
  };
}

/** Milliseconds of a frame. */
const FRAME = 16;
/** A page that becomes hidden draws no frame. */
const LATEST = 100;

/** A schedule that reports at once, but at most once a frame. Works also during work that never yields. */
export function everyFrame(): Schedule {
  let since: (() => number) | null = null;
  return (tell) => {
    const passed = since?.() ?? FRAME;
    const deliver = () => {
      since = stopwatch();
      tell();
    };
    if (passed >= FRAME) {
      deliver();
      return () => undefined;
    }
    const timer = setTimeout(deliver, FRAME - passed);
    return () => clearTimeout(timer);
  };
}

/** Calls with the page's next frame; at once if the page draws none. */
export const withFrame: Schedule = (tell) => {
  const { document, requestAnimationFrame, cancelAnimationFrame } = globalThis as Partial<typeof globalThis>;
  if (document?.visibilityState !== "visible" || requestAnimationFrame === undefined) {
    tell();
    return () => undefined;
  }
  const frame = requestAnimationFrame(() => tell());
  const timer = setTimeout(tell, LATEST);
  return () => {
    cancelAnimationFrame?.(frame);
    clearTimeout(timer);
  };
};
