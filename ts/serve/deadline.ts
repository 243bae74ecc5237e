import { timer } from "../waiting/timer.js";

/** Until when somebody waits for an answer. */
export interface Deadline {
  /** Rejects when the client goes away or the time is over, by what `checkWanted` throws. */
  readonly over: Promise<never>;
  /** Throws where nobody waits any more. */
  readonly checkWanted: () => void;
  /** What it is waited for, for the error of the time being over. */
  waitFor(late: () => Error): void;
  /** To be called when there is an answer. */
  readonly end: () => void;
}

/**
 * @param milliseconds from now
 * @param gone the error where the client went away
 * @param late the error where the time is over
 */
export function deadline(signal: AbortSignal, milliseconds: number, gone: () => Error, late: () => Error): Deadline {
  let current = late;
  let ended: (() => Error) | null = null;
  let reject!: (error: Error) => void;
  const over = new Promise<never>((_, fail) => (reject = fail));
  over.catch(() => undefined);
  const stop = (error: () => Error) => {
    ended ??= error;
    reject(ended());
  };
  const onAbort = () => stop(gone);
  const limit = timer(milliseconds, () => stop(current));
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  return {
    over,
    checkWanted: () => {
      if (ended !== null) throw ended();
    },
    waitFor: (error) => void (current = error),
    end: () => {
      clearTimeout(limit);
      signal.removeEventListener("abort", onAbort);
    },
  };
}
