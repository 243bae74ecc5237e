import type { Job } from "bullmq";
import { isJsonObject } from "lowrank/extension";
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
  /** Number of times that a worker has started it; 0 if this cannot be read. */
  readonly attempts: number;
  /** The worker that runs it, or ran it last. */
  readonly worker: string | null;
  /** Result of a completed job; otherwise null, and if another program has written it. */
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
    progress: progressIn(job.progress),
    attempts: job.attemptsStarted || 0,
    worker: job.processedBy ?? null,
    result: outcomeIn(job.returnvalue),
    error,
    submitted: timeOf(job.timestamp),
    ended: job.finishedOn ? timeOf(job.finishedOn) : null,
  };
}

const isNumber = (value: unknown) => typeof value === "number";
const isMissing = (value: unknown) => value === undefined || value === null;

/** A training's result in a queue's entry; null if it is none. */
export function outcomeIn(value: unknown): TrainingOutcome | null {
  if (!isJsonObject(value)) return null;
  const { out, accuracy, metric, loss, steps, finished, measured } = value;
  const isMetric =
    isMissing(metric) ||
    (isJsonObject(metric) &&
      typeof metric["task"] === "string" &&
      typeof metric["name"] === "string" &&
      isNumber(metric["value"]));
  const isOutcome =
    typeof out === "string" &&
    [accuracy, loss].every((one) => one === null || isNumber(one)) &&
    isMetric &&
    isNumber(steps) &&
    typeof finished === "boolean" &&
    Array.isArray(measured) &&
    measured.every((one: unknown) => isJsonObject(one) && isNumber(one["step"]));
  return isOutcome ? (value as unknown as TrainingOutcome) : null;
}

/** A training's progress in a queue's entry; null if it is none. */
function progressIn(value: unknown): QueuedProgress | null {
  if (!isJsonObject(value)) return null;
  const { phase, done, total, loss, secondsLeft } = value;
  const isProgress =
    typeof phase === "string" &&
    [done, total].every(isNumber) &&
    [loss, secondsLeft].every((one) => isMissing(one) || isNumber(one));
  return isProgress ? (value as unknown as QueuedProgress) : null;
}

/** A time in milliseconds since 1970; the start of 1970 if it is none. */
function timeOf(milliseconds: number): Date {
  const time = new Date(milliseconds);
  return Number.isNaN(time.getTime()) ? new Date(0) : time;
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
