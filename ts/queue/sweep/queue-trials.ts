import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { throwIfAborted } from "../../waiting/abort.js";
import { isRemote } from "../../io/node/index.js";
import type { JobQueue, QueuedJob } from "../job-queue.js";
import type { RunTrials } from "./run-sweep.js";
import type { SweepPlan, Trial } from "./sweep-plan.js";

/** How often it is asked what has become of jobs, milliseconds. */
const ASK_EVERY = 500;

/**
 * Trainings of a sweep as jobs of a queue, all of a stage at once. A job's name follows from the sweep, its place and the stage, so that
 * a sweep that goes on finds those that it has submitted before.
 */
export function queueTrials(queue: JobQueue, plan: SweepPlan, out: string, signal: AbortSignal): RunTrials {
  const place = isRemote(out) ? out : resolve(out);
  const sweep = createHash("sha256")
    .update(JSON.stringify([place, plan]))
    .digest("hex")
    .slice(0, 12);
  const submit = async (trial: Trial, until: number | null) => {
    const training = { spec: trial.settings, out: `${place}/trials/${trial.name}` };
    const id = `sweep-${sweep}-${trial.name}-${until ?? "end"}`;
    return queue.submit({ ...training, ...(until !== null && { until }) }, { id });
  };
  return async (trials, until, done) => {
    const waiting = new Map<string, Trial>();
    for (const trial of trials) waiting.set(await submit(trial, until), trial);
    while (waiting.size > 0) {
      throwIfAborted(signal);
      for (const [id, trial] of waiting) {
        const reached = reachedBy(await queue.get(id));
        if (reached === null) continue;
        waiting.delete(id);
        await done(trial, reached);
      }
      if (waiting.size > 0) await sleep(ASK_EVERY, undefined, { signal }).catch(() => throwIfAborted(signal));
    }
  };
}

/** What a job's training has come to; null while it has not ended. */
function reachedBy(job: QueuedJob | null): Parameters<Parameters<RunTrials>[2]>[1] | null {
  if (job === null) return { step: 0, measured: [], error: "its job is no longer in the queue" };
  if (job.state === "waiting" || job.state === "active") return null;
  if (job.state !== "completed" || job.result === null)
    return { step: job.progress?.done ?? 0, measured: [], error: job.error ?? job.state };
  return { step: job.result.steps, measured: job.result.measured, error: null };
}
