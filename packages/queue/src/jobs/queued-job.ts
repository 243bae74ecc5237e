import type { Job } from "bullmq";
import type { TrainingOutcome } from "../run-attempt.js";
import type { Payload } from "./queued-training.js";

/** State of a job. */
export type QueuedState = "waiting" | "active" | "completed" | "failed" | "cancelled";

/** Progress of a job. */
export interface QueuedProgress {
  /** Phase, named as in a job's events: "train", "encode-train". */
  readonly phase: string;
  /** Finished steps or texts. */
  readonly done: number;
  /** All steps or texts of the phase. */
  readonly total: number;
  /** Loss of the last step, if the phase trains. */
  readonly loss?: number;
  /** Estimated time until training ends. */
  readonly secondsLeft?: number;
}

/** A job in a queue. */
export interface QueuedJob {
  /** The job's name in the queue. */
  readonly id: string;
  /** The job's state. */
  readonly state: QueuedState;
  /** Folder, or folder of a bucket, with its attempts and result; empty if the job is not a training. */
  readonly out: string;
  /** Progress of its training; null before it starts. */
  readonly progress: QueuedProgress | null;
  /** Number of times that a worker has started it. */
  readonly attempts: number;
  /** The worker that runs it, or ran it last. */
  readonly worker: string | null;
  /** Result of a completed job; otherwise null. */
  readonly result: TrainingOutcome | null;
  /** Why it failed, or why only its name and state can be read. */
  readonly error: string | null;
  /** When it was submitted; the start of 1970 if this cannot be read. */
  readonly submitted: Date;
  /** When it was completed, failed or cancelled; otherwise null. */
  readonly ended: Date | null;
}

/** The error of a cancelled job. */
export const CANCELLED = "cancelled";

/** A BullMQ job. */
export type StoredJob = Job<Payload, TrainingOutcome>;

/** Describes a job. */
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

/** Describes a job that cannot be read. */
export function unreadable(id: string, state: string, { message }: Error): QueuedJob {
  const error = `it cannot be read: ${message}`;
  const none = { progress: null, worker: null, result: null, ended: null };
  return { id, state: stateOf(state, error), out: "", attempts: 0, error, submitted: new Date(0), ...none };
}

/** The place of a job's result; empty for entries from other programs. */
function outOf(data: unknown): string {
  const { out } = Object(data) as { out?: unknown };
  return typeof out === "string" ? out : "";
}

/** Public names of BullMQ's states. */
function stateOf(state: string, error: string | null): QueuedState {
  if (state === "completed" || state === "active") return state;
  if (state !== "failed") return "waiting";
  return error === CANCELLED ? "cancelled" : "failed";
}
