import { setTimeout as sleep } from "node:timers/promises";
import { clip, orAborted } from "lowrank/extension";
import { QueueError } from "../queue-error.js";
import { connectionLoss } from "./connection-loss.js";
import { endsWithin } from "./within.js";

/** How long a server that has answered before may take, milliseconds: it may be starting again. */
const CALL_LIMIT = 30_000;
/** After which it is asked again where its connection broke. */
const AGAIN_AFTER = 250;
/** How long what has been asked is waited for when it is let go. */
const CLOSE_LIMIT = 2_000;

/** What is asked of a queue's server, which may go away meanwhile: each call has an end. */
export class ServerCalls {
  private readonly pending = new Map<AbortController, Promise<unknown>>();

  /** @param shown the server's address */
  constructor(private readonly shown: string) {}

  /**
   * An answer of the server. Where the connection breaks it is asked for again, if that is `harmless` or nothing has come to the server. Throws
   * `QueueError` where none comes within half a minute, or the connection broke.
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

  /** Waits for what has been asked; what has no answer soon then fails. */
  async close(): Promise<void> {
    await endsWithin(CLOSE_LIMIT, Promise.allSettled(this.pending.values()));
    for (const end of this.pending.keys()) end.abort("had not answered when it was let go");
  }

  private async answer<T>(what: string, ask: () => Promise<T>, harmless: boolean, end: AbortSignal): Promise<T> {
    let cause: unknown;
    const fail = (reason: "silent" | "cut", problem: string) => {
      // BullMQ's word for a lost connection says nothing of why.
      const why = cause instanceof Error ? (cause.cause ?? cause) : cause;
      const because = why === undefined ? "" : `: ${clip(String(why))}`;
      const next = harmless ? "is it running?" : "is it running? What was asked of it may have been done";
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
        if (loss === "broken" && !harmless) throw fail("cut", "has cut the connection");
      }
      await sleep(AGAIN_AFTER, undefined, { signal: end }).catch(() => undefined);
    }
    throw fail("silent", String(end.reason));
  }
}
