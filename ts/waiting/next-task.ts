import { throwIfAborted } from "./abort.js";
import { stopwatch } from "./stopwatch.js";

/** Lets timers, clicks and signals in between two pieces of work, so that a page stays alive and Ctrl-C is heard. */
export function nextTask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Longest work without a pause, in milliseconds: what a page can spare without missing more than a frame. */
const SLICE = 16;

/**
 * For long loops of small pieces: a function to await before each. It lets other tasks run where the last pause is some
 * milliseconds ago, and then throws `AbortError` where `signal` was aborted.
 */
export function breather(signal: AbortSignal | undefined): () => Promise<void> | undefined {
  let sincePause = stopwatch();
  return () => {
    if (sincePause() < SLICE) return undefined;
    return nextTask().then(() => {
      sincePause = stopwatch();
      throwIfAborted(signal);
    });
  };
}
