import type { Worker } from "bullmq";
import type { JobHandler } from "./job-handler.js";
import { letGo, type QueueEngine } from "../queue-engine.js";
import { QueueError } from "../queue-error.js";
import { endsWithin } from "../server/within.js";

/** Longest time to wait for a server so that jobs can be returned to the queue, in milliseconds. */
const LEAVE_LIMIT = 10_000;

/**
 * Stops a worker: its jobs write their checkpoints, however long a step takes, and return to the queue. BullMQ waits forever
 * for a missing server, so the time is limited here. Throws `QueueError` if jobs could not be returned.
 */
export async function leave(
  what: string,
  worker: Worker,
  { handler, engine, lock }: { readonly handler: JobHandler; readonly engine: QueueEngine; readonly lock: number },
): Promise<void> {
  // Takes no more jobs, and settles when all jobs have ended. (Pausing first would open a connection that nothing closes.)
  const ended = worker.close();
  ended.catch(() => undefined);
  await handler.atRest();
  const answered = await endsWithin(LEAVE_LIMIT, ended);
  const jobs = handler.left;
  handler.giveUp();
  if (!answered) await stopClocks(worker);
  await letGo(engine, worker);
  if (answered || jobs.length === 0) return;
  const [names, they, their] =
    jobs.length === 1 ? [jobs[0], "it continues", "its"] : [jobs.join(", "), "they continue", "their"];
  throw new QueueError(
    `${what}: ${engine.shown} has not answered within ${LEAVE_LIMIT / 1_000} seconds, so ${names} could not be handed back: ` +
      `${they} from ${their} checkpoint in another worker when the lock runs out, ${lock / 1_000} seconds after it was last renewed`,
    { op: what, reason: "silent", jobs },
  );
}

/** Stops BullMQ's timers, which its own close has not reached. */
async function stopClocks(worker: Worker): Promise<void> {
  const { lockManager, stalledCheckStopper } = worker as unknown as {
    readonly lockManager: { close(): Promise<void> };
    readonly stalledCheckStopper?: () => void;
  };
  await lockManager.close();
  stalledCheckStopper?.();
}
