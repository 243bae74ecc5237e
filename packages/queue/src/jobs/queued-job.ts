import type { Job } from "bullmq";
import type { TrainingOutcome } from "../run-attempt.js";
import type { Payload } from "./queued-training.js";

/** What has become of a job. */
export type QueuedState = "waiting" | "active" | "completed" | "failed" | "cancelled";

/** Where a job is in its training. */
export interface QueuedProgress {
  /** What is done, as a job's events call it: "train", "encode-train". */
  readonly phase: string;
  /** Steps, or texts, so far. */
  readonly done: number;
  /** Steps, or texts, in all. */
  readonly total: number;
  /** Of the last step, where the phase trains. */
  readonly loss?: number;
  /** Expected time to the end of training. */
  readonly secondsLeft?: number;
}

/** A job in a queue. */
export interface QueuedJob {
  /** Its name in the queue. */
  readonly id: string;
  /** What has become of it. */
  readonly state: QueuedState;
  /** Where its attempts and its result are: a folder, or one in a bucket; empty for what is no training. */
  readonly out: string;
  /** Of its training; null before it has begun. */
  readonly progress: QueuedProgress | null;
  /** How often a worker has begun it. */
  readonly attempts: number;
  /** Who has it, or had it last. */
  readonly worker: string | null;
  /** Of one that is completed; else null. */
  readonly result: TrainingOutcome | null;
  /** Why it failed, or why nothing but its name and state can be read. */
  readonly error: string | null;
  /** When it came into the queue; the beginning of 1970 where that cannot be read. */
  readonly submitted: Date;
  /** When it was completed, failed or cancelled; else null. */
  readonly ended: Date | null;
}

/** What a cancelled job fails with. */
export const CANCELLED = "cancelled";

/** A job as BullMQ has it. */
export type StoredJob = Job<Payload, TrainingOutcome>;

/** What a job says of itself. */
export function describe(job: StoredJob, state: string): QueuedJob {
  const error = job.failedReason ?? null;
  return {
    id: job.id!,
    state: stateOf(state, error),
    out: outOf(job.data),
    progress: typeof job.progress === "object" ? (job.progress as QueuedProgress) : null,
    attempts: job.attemptsStarted,
    worker: job.processedBy ?? null,
    result: job.returnvalue ?? null,
    error,
    submitted: new Date(job.timestamp),
    ended: job.finishedOn ? new Date(job.finishedOn) : null,
  };
}

/** What is known of a job that cannot be read. */
export function unreadable(id: string, state: string, { message }: Error): QueuedJob {
  const error = `it cannot be read: ${message}`;
  const none = { progress: null, worker: null, result: null, ended: null };
  return { id, state: stateOf(state, error), out: "", attempts: 0, error, submitted: new Date(0), ...none };
}

/** Where a job's result goes; nowhere for what somebody else has put into the queue. */
function outOf(data: unknown): string {
  const { out } = Object(data) as { out?: unknown };
  return typeof out === "string" ? out : "";
}

/** What BullMQ's states are to whoever submitted. */
function stateOf(state: string, error: string | null): QueuedState {
  if (state === "completed" || state === "active") return state;
  if (state !== "failed") return "waiting";
  return error === CANCELLED ? "cancelled" : "failed";
}
