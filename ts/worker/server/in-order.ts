import { AbortError } from "../../errors/errors.js";
import type { Channel } from "../protocol/channel.js";
import { isMessage, type Message, type Target } from "../protocol/messages.js";
import { packError, unpackError } from "../protocol/packed-error.js";

type Call = Extract<Message, { type: "call" }>;

/** A call that waits for its code, or for calls before it. */
interface Waiting {
  readonly message: Call;
  readonly code: Promise<void> | null;
  /** Fulfilled when the call was aborted as it waited. */
  readonly dropped: Promise<void>;
  readonly drop: () => void;
}

/**
 * A channel on which calls wait until their code is here, and calls that arrive later wait for them: calls start in the order in which they
 * arrive. Answers to the worker's own calls do not wait. `fetchCode` fetches a call's code; null if it is here.
 */
export function inOrder(channel: Channel, fetchCode: (target: Target) => Promise<void> | null): Channel {
  const waiting: Waiting[] = [];
  const post = (message: Message) => channel.post(message, []);

  async function startAll(hear: (message: unknown) => void): Promise<void> {
    for (let first = waiting[0]; first !== undefined; first = waiting[0]) {
      const { message, code, dropped } = first;
      const failed = await Promise.race([dropped, code]).then(
        () => null,
        (error: unknown) => ({ error }),
      );
      if (waiting[0] !== first) continue;
      waiting.shift();
      if (failed === null) hear(message);
      else post({ type: "error", id: message.id, error: packError(failed.error) });
    }
  }

  /** Ends a call that waits; whether there was one. */
  function abort(id: number, cause: unknown): boolean {
    const at = waiting.findIndex(({ message }) => message.id === id);
    if (at < 0) return false;
    const [{ drop }] = waiting.splice(at, 1) as [Waiting];
    drop();
    const error = new AbortError("cancelled by its AbortSignal", { reason: cause }, { cause });
    post({ type: "error", id, error: packError(error) });
    return true;
  }

  return {
    post: (message, transfer) => channel.post(message, transfer),
    listen: (hear) =>
      channel.listen((message) => {
        if (!isMessage(message)) return;
        if (message.type === "abort" && abort(message.id, unpackError(message.reason))) return;
        if (message.type !== "call" || message.target.kind === "function") return hear(message);
        const code = fetchCode(message.target);
        if (code === null && waiting.length === 0) return hear(message);
        // It may fail before its turn.
        code?.catch(() => undefined);
        let drop!: () => void;
        const dropped = new Promise<void>((resolve) => (drop = resolve));
        if (waiting.push({ message, code, dropped, drop }) === 1) void startAll(hear);
        if (message.aborted !== null) abort(message.id, unpackError(message.aborted));
      }),
  };
}
