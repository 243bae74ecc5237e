import type { QueueWorkerEvent } from "./worker-events.js";

/** How long one trouble is not told again, milliseconds: a server that is away is asked every second. */
const QUIET = 15_000;

/** Tells what is wrong with the server, each once in a while. */
export class Troubles {
  private readonly told = new Map<string, number>();

  constructor(private readonly hear: (event: QueueWorkerEvent) => void) {}

  tell(error: Error): void {
    // BullMQ's word for a lost connection says nothing of why.
    const { message, name } = error.cause instanceof Error ? error.cause : error;
    const now = Date.now();
    for (const [text, at] of this.told) if (now - at >= QUIET) this.told.delete(text);
    const text = message === "" ? name : message;
    if (this.told.has(text)) return;
    this.told.set(text, now);
    this.hear({ type: "trouble", message: text });
  }
}
