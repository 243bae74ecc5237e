import type * as Bullmq from "bullmq";

type Classes = Pick<typeof Bullmq, "Queue" | "Worker" | "Job">;

/**
 * BullMQ's classes for queues with entries from other programs: a job whose data is not JSON gets no data. Otherwise the list of all jobs
 * would fail, and a worker would take such a job without knowing it and report a finished job as failed.
 */
export function readableJobs({ Queue, Worker, Job }: Classes): Pick<Classes, "Queue" | "Worker"> {
  class ReadableJob extends Job {
    static override fromJSON<T, R, N extends string>(...[queue, json, id]: Parameters<typeof Job.fromJSON>) {
      return super.fromJSON<T, R, N>(queue, { ...json, data: isJson(json.data) ? json.data : "null" }, id);
    }
  }
  // The same class except for the types of names.
  const Readable = ReadableJob as unknown as typeof Bullmq.Job;
  class ReadableQueue extends Queue {
    protected override get Job() {
      return Readable;
    }
  }
  class ReadableWorker extends Worker {
    protected override get Job() {
      return Readable;
    }
  }
  return { Queue: ReadableQueue, Worker: ReadableWorker };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text || "{}");
    return true;
  } catch {
    return false;
  }
}

/** Reasons besides JSON that cannot be parsed: a Redis key of another type, and null instead of a job's options. */
const REASONS = /WRONGTYPE|Cannot convert undefined or null to object/;

/** Whether an error means that a job, or the Redis key with its name, was not written by BullMQ. */
export const isUnreadable = (error: unknown): error is Error =>
  error instanceof SyntaxError || (error instanceof Error && REASONS.test(error.message));
