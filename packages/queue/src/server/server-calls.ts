import { setTimeout as sleep } from "node:timers/promises";
import { clip, orAborted } from "lowrank/extension";
import { QueueError } from "../queue-error.js";
import { connectionLoss } from "./connection-loss.js";
import { endsWithin } from "./within.js";

/** Longest time for an answer of a server that has answered before, in milliseconds. It may be restarting. */
const CALL_LIMIT = 30_000;
/** Pause before a call is repeated after a broken connection, in milliseconds. */
const AGAIN_AFTER = 250;
/** Longest time to wait for open calls when closing, in milliseconds. */
const CLOSE_LIMIT = 2_000;

/** Calls to a queue's server. Each has a time limit, because the server may go away. */
export class ServerCalls {
  private readonly pending = new Map<AbortController, Promise<unknown>>();

  /** @param shown the server's address */
  constructor(private readonly shown: string) {}

  /**
   * Makes a call. If the connection breaks, the call is repeated if it is `harmless` or has not reached the server. Throws
   * `QueueError` if there is no answer within half a minute, or if the connection broke.
   */
  async call<T>(what: string, ask: () => Promise<T>, harmless = true): Promise<T> {
    const end = new AbortController();
    const clock = setTimeout(() => end.abort(`has not answered within ${CALL_LIMIT / 1_000} seconds`), CALL_LIMIT);
    const answer = this.answer(what, ask, harmless, end.signal);
    this.pending.set(end, answer);
    try {
      return await answer;
    } finally {
      clearTimeout(clock);
      this.pending.delete(end);
    }
  }

  /** Waits shortly for open calls. Those without an answer then fail. */
  async close(): Promise<void> {
    await endsWithin(CLOSE_LIMIT, Promise.allSettled(this.pending.values()));
    for (const end of this.pending.keys()) end.abort("had not answered when it was let go");
  }

  private async answer<T>(what: string, ask: () => Promise<T>, harmless: boolean, end: AbortSignal): Promise<T> {
    let cause: unknown;
    const fail = (reason: "silent" | "cut", problem: string) => {
      // BullMQ's error for a lost connection does not contain the reason.
      const why = cause instanceof Error ? (cause.cause ?? cause) : cause;
      const because = why === undefined ? "" : `: ${clip(String(why))}`;
      const next = harmless ? "is it running?" : "is it running? It may have executed the call";
      const message = `${what}: ${this.shown} ${problem}${because}; ${next}`;
      return new QueueError(message, { op: what, reason }, { cause });
    };
    while (!end.aborted) {
      try {
        return await orAborted(ask, end);
      } catch (error) {
        if (end.aborted) break;
        const loss = connectionLoss(error);
        if (loss === null) throw error;
        cause = error;
        if (loss === "broken" && !harmless) throw fail("cut", "has closed the connection");
      }
      await sleep(AGAIN_AFTER, undefined, { signal: end }).catch(() => undefined);
    }
    throw fail("silent", String(end.reason));
  }
}
