import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isRemote, throwIfAborted } from "lowrank/extension";
import type { JobQueue } from "../job-queue.js";
import type { QueuedJob } from "../jobs/queued-job.js";
import type { RunTrials, TrialStage } from "./run-trials.js";
import { jobNames, stageFlow } from "./stage-flow.js";
import type { SweepPlan, Trial } from "./sweep-plan.js";

/** Polling interval for the state of jobs, in milliseconds. */
const ASK_EVERY = 500;
const GONE = "its job is no longer in the queue";

/**
 * Runs the trainings of a sweep as jobs of a queue. This process submits the first stage. The worker that ends a stage submits the next one
 * (`endStage`), so the sweep continues without this process. This class follows it, and submits a stage again if the queue has lost it.
 */
export function queueTrials(queue: JobQueue, plan: SweepPlan, out: string, signal: AbortSignal): RunTrials {
  const place = isRemote(out) ? out : resolve(out);
  const jobs = jobNames({ plan, place });

  /** Submits a stage, unless it or the previous one is in the queue. The end of the previous one submits it. */
  async function begin({ stage, choices, names }: TrialStage): Promise<void> {
    for (const number of stage === 0 ? [0] : [stage - 1, stage])
      if ((await queue.get(jobs.stage(number))) !== null) return;
    await queue.addFlow(stageFlow(queue.name, { plan, place, stage, choices, names }));
  }

  /** The reason why a stage has no trainings; null if the stage has not started. */
  async function missing(stage: number): Promise<string | null> {
    const before = stage === 0 ? null : await queue.get(jobs.stage(stage - 1));
    if (before?.state === "waiting" || before?.state === "active") return null;
    if (before !== null && before.state !== "completed")
      return `the job that ends stage ${stage} is ${before.state}: ${before.error}`;
    return GONE;
  }

  return async (trials, at, done) => {
    const { stage } = at;
    if (trials.length > 0) await begin(at);
    const waiting = new Map<string, Trial>(trials.map((trial) => [jobs.training(trial.name, stage), trial]));
    while (waiting.size > 0) {
      throwIfAborted(signal);
      for (const [id, trial] of waiting) {
        // Read first, so that this state is not older than the missing job.
        const why = await missing(stage);
        const job = await queue.get(id);
        const reached = job === null ? why && { step: 0, measured: [], error: why } : reachedBy(job);
        if (reached === null || reached === "") continue;
        waiting.delete(id);
        await done(trial, reached);
      }
      if (waiting.size > 0) await sleep(ASK_EVERY, undefined, { signal }).catch(() => throwIfAborted(signal));
    }
  };
}

/** Result of a job's training; null until it has ended. */
function reachedBy(job: QueuedJob): Parameters<Parameters<RunTrials>[2]>[1] | null {
  if (job.state === "waiting" || job.state === "active") return null;
  if (job.state !== "completed" || job.result === null)
    return { step: job.progress?.done ?? 0, measured: [], error: job.error ?? job.state };
  return { step: job.result.steps, measured: job.result.measured, error: null };
}
