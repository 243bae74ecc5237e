import type { FlowJob, JobType, Queue } from "bullmq";
import type { FileMap } from "lowrank";
import { checkOptions, text, unexpected, whole } from "lowrank/extension";
import { placeAt } from "./attempts/place-at.js";
import { queueName } from "./jobs/job-id.js";
import { answered, Flows, letGo, QUEUE_NAME, type QueueEngine, queueEngine } from "./queue-engine.js";
import { describe, type QueuedJob, type StoredJob, unreadable } from "./jobs/queued-job.js";
import type { Payload, QueuedTraining } from "./jobs/queued-training.js";
import type { TrainingOutcome } from "./run-attempt.js";
import { isUnreadable } from "./server/readable-jobs.js";
import { ServerCalls } from "./server/server-calls.js";
import { type SubmitOptions, takeSubmission } from "./jobs/submission.js";

/** Jobs that a server lets go of in one call. */
const MOST_AT_ONCE = 1_000;
/** All that a job of a queue may be in. */
const STATES: JobType[] = ["active", "waiting", "prioritized", "delayed", "waiting-children", "completed", "failed"];

/**
 * A queue of trainings on Redis or PostgreSQL, by BullMQ: workers on any number of machines take from it (`runQueueWorker`). Where the server
 * goes away, what is asked waits for it for half a minute, then throws `QueueError`.
 *
 * @example
 * const queue = await JobQueue.open("redis://127.0.0.1:6379");
 * const id = await queue.submit({ spec: { data: "/data/reviews.csv" }, out: "/runs/reviews" });
 */
export class JobQueue {
  private constructor(
    private readonly queue: Queue<Payload, TrainingOutcome>,
    private readonly flows: Flows,
    private readonly engine: QueueEngine,
    private readonly server: ServerCalls,
    /** The queue's name. */
    readonly name: string,
  ) {}

  /**
   * Opens a queue.
   * @param address of the server: redis://, rediss://, postgres://
   * Throws `ConfigError` where it does not answer, `UnsupportedError` where BullMQ is not installed.
   */
  static async open(address: string, options: { readonly name?: string } = {}): Promise<JobQueue> {
    checkOptions("JobQueue.open", options, ["name"]);
    const name = queueName("JobQueue.open", options.name ?? QUEUE_NAME);
    const engine = await queueEngine("JobQueue.open", address);
    const queue = new engine.Queue<Payload, TrainingOutcome>(name, { connection: engine.connection });
    queue.on("error", () => undefined);
    try {
      await answered("JobQueue.open", engine, queue);
    } catch (error) {
      await letGo(engine, queue);
      throw error;
    }
    return new JobQueue(queue, new Flows(engine), engine, new ServerCalls(engine.shown), name);
  }

  /** Gives a training to the queue, checked whole. Returns the job's id. Throws `ConfigError` for what makes no sense. */
  async submit(training: QueuedTraining, options: SubmitOptions = {}): Promise<string> {
    const what = "JobQueue.submit";
    const { payload, given } = takeSubmission(what, training, options);
    // A second job of one name is not taken, so one with a name may be given again.
    const harmless = given.jobId !== undefined;
    const job = await this.server.call(what, () => this.queue.add("train", payload, given), harmless);
    return job.id!;
  }

  /** @internal A job that waits for others, put into the queue with them by one atomic step. */
  async addFlow(flow: FlowJob): Promise<void> {
    const add = async () => {
      // One of that name that has failed before is not tried again for being added, and would be waited for without an end.
      for (const { opts } of flow.children ?? []) {
        const before = opts?.jobId === undefined ? undefined : await this.queue.getJob(opts.jobId);
        if (await before?.isFailed()) await before!.remove();
      }
      await this.flows.add(flow);
    };
    await this.server.call("runSweep", add, false);
  }

  /** The newest jobs, at most `limit` of each state. */
  async list(limit = 1_000): Promise<readonly QueuedJob[]> {
    whole("JobQueue.list", "limit", limit, 1);
    const known = await this.server.call("JobQueue.list", async () => {
      const ids = await this.queue.getRanges(STATES, 0, limit - 1, false);
      return Promise.all(ids.map((id) => this.known(id)));
    });
    return known.filter((job) => job !== null).sort((a, b) => Number(a.submitted) - Number(b.submitted));
  }

  /** One job; null where the queue knows none of that id. */
  async get(id: string): Promise<QueuedJob | null> {
    text("JobQueue.get", "id", id);
    return this.server.call("JobQueue.get", () => this.known(id));
  }

  /** What a completed job has left, as `TextClassifier.load` takes it; null where it has left nothing yet, or there is no such job. */
  async files(id: string): Promise<FileMap | null> {
    text("JobQueue.files", "id", id);
    const out = (await this.server.call("JobQueue.files", () => this.known(id)))?.out;
    if (!out) return null;
    const place = placeAt(out);
    const names = await place.names();
    if (names === null) return null;
    const files: [string, Uint8Array][] = [];
    for (const name of names) {
      const bytes = await place.result(name);
      if (bytes !== null) files.push([name, bytes]);
    }
    return Object.fromEntries(files);
  }

  /** What workers have said of a job, a line each. */
  async logs(id: string): Promise<readonly string[]> {
    text("JobQueue.logs", "id", id);
    return (await this.server.call("JobQueue.logs", () => this.queue.getJobLogs(id))).logs;
  }

  /** Cancels a job: one that waits is gone, one that runs ends within a step, its last checkpoint kept. Returns whether there was one to cancel. */
  async cancel(id: string): Promise<boolean> {
    text("JobQueue.cancel", "id", id);
    return this.server.call("JobQueue.cancel", () => this.cancelled(id), false);
  }

  private async cancelled(id: string): Promise<boolean> {
    const state = (await this.known(id))?.state;
    if (state === "waiting") {
      // Those that it waits for are cancelled one by one: together they could not be while one of them runs.
      const { unprocessed = [] } = (await (await this.stored(id))?.getDependencies()) ?? {};
      // Where a worker has taken it meanwhile, it is not removed.
      if ((await this.queue.remove(id, { removeChildren: false })) !== 1) return this.cancelled(id);
      for (const key of unprocessed) await this.cancelled(key.slice(key.lastIndexOf(":") + 1));
      return true;
    }
    const job = state === "active" ? await this.stored(id) : undefined;
    if (!job) return false;
    await job.updateData({ ...job.data, cancelled: true });
    return true;
  }

  /** Lets a failed job be tried once more. Returns whether there was one. */
  async retry(id: string): Promise<boolean> {
    text("JobQueue.retry", "id", id);
    const retry = async () => {
      const job = await this.stored(id);
      if (!job || !(await job.isFailed())) return false;
      await job.updateData({ ...job.data, cancelled: false });
      await job.retry();
      return true;
    };
    return this.server.call("JobQueue.retry", retry, false);
  }

  /**
   * Lets go of the jobs that were completed, failed or cancelled before a time, which else stay in the queue for ever; a name is then free again.
   * Results stay where they are. Returns how many jobs it were.
   */
  async forget(before: Date): Promise<number> {
    const what = "JobQueue.forget";
    if (!(before instanceof Date) || Number.isNaN(before.getTime())) throw unexpected(what, "before", "a Date", before);
    let count = 0;
    for (const state of ["completed", "failed"] as const)
      for (let gone = MOST_AT_ONCE; gone === MOST_AT_ONCE; count += gone) {
        const age = Math.max(0, Date.now() - before.getTime());
        gone = (await this.server.call(what, () => this.queue.clean(age, MOST_AT_ONCE, state))).length;
      }
    return count;
  }

  /** How many jobs there are of each state. */
  async counts(): Promise<Readonly<Record<string, number>>> {
    return this.server.call("JobQueue.counts", () => this.queue.getJobCounts());
  }

  /** Figures of the queue in Prometheus' text format. */
  async metrics(): Promise<string> {
    return this.server.call("JobQueue.metrics", () => this.queue.exportPrometheusMetrics());
  }

  /** Lets go of the server, some seconds later at most. What has been asked of it and has no answer then fails with `QueueError`. */
  async close(): Promise<void> {
    await this.server.close();
    await Promise.all([letGo(this.engine, this.queue), this.flows.close()]);
  }

  /** A job by its name, or what can be said of one that is none of BullMQ's; null where there is none. */
  private async known(id: string): Promise<QueuedJob | null> {
    try {
      const job = await this.queue.getJob(id);
      return job ? await this.described(job) : null;
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      const state = await this.queue.getJobState(id);
      return state === "unknown" ? null : unreadable(id, state, error);
    }
  }

  /** A job as BullMQ reads it; undefined for one that it cannot read, and where there is none. */
  private stored(id: string): Promise<StoredJob | undefined> {
    return this.queue.getJob(id).catch((error: unknown) => {
      if (!isUnreadable(error)) throw error;
      return undefined;
    });
  }

  /** What has become of a job; null where it is gone since it was read, or is something else of Redis. */
  private async described(read: StoredJob): Promise<QueuedJob | null> {
    const state = await read.getState();
    if (state === "unknown") return null;
    const hasEnded = state === "completed" || state === "failed";
    // Its state is asked for after the rest was read: of one that has ended in between, that rest is from before its end.
    const job = hasEnded && !read.finishedOn ? await this.queue.getJob(read.id!) : read;
    return job ? describe(job, state) : null;
  }
}
