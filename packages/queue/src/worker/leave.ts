import type { Worker } from "bullmq";
import type { JobHandler } from "./job-handler.js";
import { letGo, type QueueEngine } from "../queue-engine.js";
import { QueueError } from "../queue-error.js";
import { endsWithin } from "../server/within.js";

/** How long a server that is away is waited for, so that jobs can be handed back, milliseconds. */
const LEAVE_LIMIT = 10_000;

/**
 * Ends a worker that is told to stop: its jobs write their checkpoints, however long a step takes, and are handed back. BullMQ waits for ever
 * for a server that is gone, so here that has an end. Throws `QueueError` where jobs could not be handed back.
 */
export async function leave(
  what: string,
  worker: Worker,
  { handler, engine, lock }: { readonly handler: JobHandler; readonly engine: QueueEngine; readonly lock: number },
): Promise<void> {
  // Takes nothing more, and comes to its end when all jobs have. (Paused first, it would open a connection that nothing ends.)
  const ended = worker.close();
  ended.catch(() => undefined);
  await handler.atRest();
  const answered = await endsWithin(LEAVE_LIMIT, ended);
  const jobs = handler.left;
  handler.giveUp();
  if (!answered) await stopClocks(worker);
  await letGo(engine, worker);
  if (answered || jobs.length === 0) return;
  const [names, they, their] = jobs.length === 1 ? [jobs[0], "it goes", "its"] : [jobs.join(", "), "they go", "their"];
  throw new QueueError(
    `${what}: ${engine.shown} has not answered within ${LEAVE_LIMIT / 1_000} seconds, so ${names} could not be handed back: ` +
      `${they} on from ${their} checkpoint in another worker when the lock runs out, ${lock / 1_000} seconds after it was last renewed`,
    { op: what, reason: "silent", jobs },
  );
}

/** What BullMQ's end would stop, had it come so far: its clocks go on for ever. */
async function stopClocks(worker: Worker): Promise<void> {
  const { lockManager, stalledCheckStopper } = worker as unknown as {
    readonly lockManager: { close(): Promise<void> };
    readonly stalledCheckStopper?: () => void;
  };
  await lockManager.close();
  stalledCheckStopper?.();
}
