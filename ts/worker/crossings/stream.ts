import { asked } from "./functions.js";
import { call, type Call, type Crossing, nothing } from "./crossing.js";

// A generator of the worker's as one of the page's. The worker runs it and hands over what there is; while the page has not asked for
// all of that, what comes next waits there and goes together. So no message is sent for each item, and a page that is slow, or
// asks no more, holds the worker up instead of filling its own memory.

/** Items that the worker makes beyond those that the page has asked for. */
const MOST_WAITING = 64;

/** What the page gives beside a call's arguments: takes items, and answers when all of them were asked for. */
const EACH = "each";

/** A call whose result is a generator over there and here. */
export const streaming = (takes: Call["takes"], item: Crossing): Call => ({
  ...call({ ...takes, [EACH]: asked(call({ items: item }, nothing)) }, nothing),
  streams: true,
});

/**
 * At the worker: runs a generator to its end, from when the page asks for its first item: one that it never asks is not under way.
 * What `each` rejects with ends it.
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
 * At the page: what a call in the worker generates. The call is made at once; whoever ends the generator before its end cancels it.
 * @param start makes the call, with what takes the items and a signal that cancels it
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
          // What came in the meantime has nobody to tell of it.
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

/** The same generator; one that is ended before it began runs no `finally`, and `end` does its work. */
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
