import { throwIfAborted } from "./abort.js";

/** Lets timers, clicks and signals run between two pieces of work, so that a page stays responsive and Ctrl-C works. */
export function nextTask(): Promise<void> {
  return new Promise(soon);
}

/** Calls `then` in a new task. A timer would delay it by a millisecond, in pages by four: a fourth of the work between two pauses. */
function soon(then: () => void): void {
  try {
    if (typeof setImmediate === "function") return void setImmediate(then);
    if (typeof MessageChannel === "function") return throughChannel(then);
  } catch {
    // In development, Next's edge runtime has functions of these names that only throw.
  }
  setTimeout(then, 0);
}

function throughChannel(then: () => void): void {
  // A new one each time: edge workers do not let a request use another's.
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    then();
  };
  port2.postMessage(null);
}

/** Longest work without a pause, in milliseconds: a page then misses at most a frame. */
export const SLICE = 16;

/**
 * Lets other tasks run in long loops of small pieces: returns a function to await before each piece. It lets other tasks run if the last pause
 * was some milliseconds ago, and then throws `AbortError` if `signal` is aborted.
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

/** Work in steps of a few milliseconds each, so that its caller can pause in between, or stop. Its result is the generator's return value. */
export type Steps<T> = Generator<void, T, void>;

/** The result of all steps, without a pause. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** Runs the steps with a pause before each, which may throw; the work so far is then dropped. */
export async function withPauses<T>(steps: Steps<T>, pause: () => Promise<void> | undefined): Promise<T> {
  for (;;) {
    // Most pauses are empty, and an await costs as much as a step.
    const waiting = pause();
    if (waiting !== undefined) await waiting;
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** The results of work on each of some values, in order, with null between two steps: who takes them may pause there. */
export function* inSteps<V, T>(values: Iterable<V>, work: (value: V) => Steps<T>): Generator<T | null> {
  for (const value of values) {
    const steps = work(value);
    let step = steps.next();
    for (; step.done !== true; step = steps.next()) yield null;
    yield step.value;
  }
}

/** Maximum delay of a timer; a longer one would fire at once. */
const LONGEST = 2 ** 31 - 1;

/** Calls `then` after a delay, as `setTimeout`; undefined, without a timer, for a delay that is too long for it. */
export const timer = (milliseconds: number, then: () => void): ReturnType<typeof setTimeout> | undefined =>
  milliseconds > LONGEST ? undefined : setTimeout(then, milliseconds);

/** Starts a clock; the returned function returns the milliseconds since. It never goes back, even if the system's clock does. */
export function stopwatch(): () => number {
  // In Node, `performance` itself is a getter.
  const clock = performance;
  const start = clock.now();
  return () => clock.now() - start;
}
