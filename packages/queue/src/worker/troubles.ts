import type { QueueWorkerEvent } from "./worker-events.js";

/** Shortest time between two reports of the same problem, in milliseconds. */
const QUIET = 15_000;

/** Reports problems with the server, each at most once per period. */
export class Troubles {
  private readonly told = new Map<string, number>();

  constructor(private readonly hear: (event: QueueWorkerEvent) => void) {}

  tell(error: Error): void {
    // BullMQ's error for a lost connection does not contain the reason.
    const { message, name } = error.cause instanceof Error ? error.cause : error;
    const now = Date.now();
    for (const [text, at] of this.told) if (now - at >= QUIET) this.told.delete(text);
    const text = message === "" ? name : message;
    if (this.told.has(text)) return;
    this.told.set(text, now);
    this.hear({ type: "trouble", message: text });
  }
}
