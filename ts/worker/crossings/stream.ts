import type { Call, Crossing } from "../protocol/scope.js";
import { callback } from "./functions.js";
import { call, nothing } from "./crossing.js";

// Sends a worker's generator to the page. The worker runs it and sends batches: items wait there until the page has used what it got. So
// there is not one message for each item, and a slow page pauses the worker instead of filling its own memory.

/** Items that the worker computes ahead of the page's requests. */
const MOST_WAITING = 64;

/** An extra argument of such a call: receives items, and resolves when the page has used them all. */
const EACH = "each";

/** A call whose result is a generator on both sides. */
export const streaming = (takes: Call["takes"], item: Crossing): Call => ({
  ...call({ ...takes, [EACH]: callback(call({ items: item }, nothing)) }, nothing),
  streams: true,
});

/**
 * Runs a generator in the worker from the page's first request to its end; without a request it never starts. If `each` rejects, it ends.
 */
export async function handOver(
  items: AsyncGenerator<unknown, void, undefined>,
  each: (items: readonly unknown[]) => Promise<unknown>,
): Promise<void> {
  const waiting: unknown[] = [];
  let sending: Promise<void> | null = null;
  let failure: { readonly error: unknown } | null = null;
  const send = async () => {
    try {
      while (waiting.length > 0) {
        await each(waiting.splice(0));
      }
    } catch (error) {
      failure = { error };
    } finally {
      sending = null;
    }
  };
  const check = () => {
    if (failure !== null) throw failure.error;
  };
  await each([]);
  for await (const item of items) {
    check();
    waiting.push(item);
    sending ??= send();
    if (waiting.length >= MOST_WAITING) await sending;
  }
  await sending;
  check();
}

/**
 * The page's generator of a call in the worker. The call is made at once; ending the generator early cancels it.
 * @param start makes the call, with a receiver of items and a signal that cancels it
 */
export function received(
  start: (each: (items: readonly unknown[]) => Promise<void>, signal: AbortSignal) => Promise<unknown>,
): AsyncGenerator<unknown, void, undefined> {
  const breaking = new AbortController();
  let waiting: readonly unknown[] = [];
  let taken = 0;
  let answer: (() => void) | null = null;
  let over = false;
  let failure: { readonly error: unknown } | null = null;
  let heard = () => undefined as void;
  const answered = () => {
    answer?.();
    answer = null;
  };
  const ended = start((items) => {
    if (breaking.signal.aborted) return Promise.resolve();
    [waiting, taken] = [items, 0];
    const done = new Promise<void>((resolve) => (answer = resolve));
    heard();
    return done;
  }, breaking.signal).then(
    () => void (over = true),
    (error: unknown) => {
      [over, failure] = [true, { error }];
    },
  );
  void ended.then(() => heard());
  async function* run() {
    try {
      for (;;) {
        while (taken < waiting.length) yield waiting[taken++];
        answered();
        if (over) break;
        await new Promise<void>((resolve) => {
          heard = resolve;
          // Nobody is left to report this error to.
          if (over || taken < waiting.length) resolve();
        });
      }
      if (failure !== null) throw failure.error;
    } finally {
      breaking.abort();
      answered();
      await ended;
    }
  }
  return begunBefore(run(), async () => {
    breaking.abort();
    answered();
    await ended;
  });
}

/** A generator that calls `end` when it is ended. Ending one that has not started runs no `finally`, so `end` is called instead. */
function begunBefore<T>(
  inner: AsyncGenerator<T, void, undefined>,
  end: () => Promise<void>,
): AsyncGenerator<T, void, undefined> {
  return {
    next: () => inner.next(),
    async return(value) {
      const result = await inner.return(value);
      await end();
      return result;
    },
    async throw(error) {
      try {
        return await inner.throw(error);
      } finally {
        await end();
      }
    },
    [Symbol.asyncIterator]() {
      return this;
    },
    async [Symbol.asyncDispose]() {
      await this.return();
    },
  };
}
