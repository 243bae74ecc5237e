import { LowrankError } from "lowrank";

/**
 * The queue's server no longer answers, or has closed the connection. `details.reason` is "silent" or "cut". The server may have executed
 * the call, or may do so later: check the queue before you repeat it. `details.jobs` are the jobs that a worker could not
 * return to the queue.
 */
export class QueueError extends LowrankError {
  constructor(message: string, details: Record<string, unknown> = {}, options?: ErrorOptions) {
    super("QUEUE", message, details, options);
    this.name = "QueueError";
  }
}
