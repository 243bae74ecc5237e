import type * as Bullmq from "bullmq";

type Classes = Pick<typeof Bullmq, "Queue" | "Worker" | "Job">;

/**
 * BullMQ's classes for queues that anybody may have written to: a job whose data are no JSON has none. Else the list of all jobs would fail
 * for it; a worker would have it in Redis and know nothing of it, and tell a job that it has just ended as one that has failed.
 */
export function readableJobs({ Queue, Worker, Job }: Classes): Pick<Classes, "Queue" | "Worker"> {
  class ReadableJob extends Job {
    static override fromJSON<T, R, N extends string>(...[queue, json, id]: Parameters<typeof Job.fromJSON>) {
      return super.fromJSON<T, R, N>(queue, { ...json, data: isJson(json.data) ? json.data : "null" }, id);
    }
  }
  // The same class, but for what its types say of names.
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

/** Whether an error says that a job, or what has its name in Redis, is none that BullMQ has written. */
export const isUnreadable = (error: unknown): error is Error =>
  error instanceof SyntaxError || (error instanceof Error && error.message.includes("WRONGTYPE"));
