import { timer } from "../waiting/next-task.js";

/** The deadline of a request. */
export interface Deadline {
  /** Rejects when the client disconnects or the time is over, with the error of `checkWanted`. */
  readonly over: Promise<never>;
  /** Throws if nobody waits any more. */
  readonly checkWanted: () => void;
  /** What is awaited, for the timeout's error. */
  waitFor(late: () => Error): void;
  /** Call it when there is an answer. */
  readonly end: () => void;
}

/**
 * @param milliseconds from now
 * @param gone the error if the client has disconnected
 * @param late the error if the time is over
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
