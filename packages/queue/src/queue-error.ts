import { LowrankError } from "lowrank";

/**
 * A queue's server that no longer answers, or cut the connection. `details.reason` is "silent" or "cut"; what was asked for may have been
 * done, or be done when the server is there again: look at the queue before asking for it once more. `details.jobs` are those that a worker had to
 * leave without handing them back.
 */
export class QueueError extends LowrankError {
  constructor(message: string, details: Record<string, unknown> = {}, options?: ErrorOptions) {
    super("QUEUE", message, details, options);
    this.name = "QueueError";
  }
}
