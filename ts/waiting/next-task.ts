import { throwIfAborted } from "./abort.js";
import { stopwatch } from "./stopwatch.js";

/** Lets timers, clicks and signals in between two pieces of work, so that a page stays alive and Ctrl-C is heard. */
export function nextTask(): Promise<void> {
  return new Promise(soon);
}

/** Calls `then` as a task of its own. A timer takes a millisecond for that, in pages four, as long as a fourth of the work between two. */
function soon(then: () => void): void {
  try {
    if (typeof setImmediate === "function") return void setImmediate(then);
    if (typeof MessageChannel === "function") return throughChannel(then);
  } catch {
    // Next's edge runtime in development has functions of these names that do nothing but throw.
  }
  setTimeout(then, 0);
}

function throughChannel(then: () => void): void {
  // One for each, since edge workers let no request use another's.
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    then();
  };
  port2.postMessage(null);
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
