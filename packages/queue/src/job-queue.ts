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

/** Most jobs that one call of the server removes. */
const MOST_AT_ONCE = 1_000;
/** All states of a job. */
const STATES: JobType[] = ["active", "waiting", "prioritized", "delayed", "waiting-children", "completed", "failed"];

/**
 * A queue of trainings on Redis or PostgreSQL, with BullMQ. Workers on any number of machines take jobs from it (`runQueueWorker`). If the server
 * goes away, calls wait for it for half a minute, then throw `QueueError`.
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
   * Throws `ConfigError` if it does not answer, `UnsupportedError` if BullMQ is not installed.
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

  /** Checks a training and adds it to the queue. Returns the job's id. Throws `ConfigError` for invalid settings. */
  async submit(training: QueuedTraining, options: SubmitOptions = {}): Promise<string> {
    const what = "JobQueue.submit";
    const { payload, given } = takeSubmission(what, training, options);
    // A second job with the same name is not added, so a named one can be submitted again.
    const harmless = given.jobId !== undefined;
    const job = await this.server.call(what, () => this.queue.add("train", payload, given), harmless);
    return job.id!;
  }

  /** @internal Adds a job with its dependencies, in one atomic step. */
  async addFlow(flow: FlowJob): Promise<void> {
    const add = async () => {
      // Adding a job again does not retry a failed one with the same name, and its parent would wait forever.
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

  /** A job by its id; null if there is none. */
  async get(id: string): Promise<QueuedJob | null> {
    text("JobQueue.get", "id", id);
    return this.server.call("JobQueue.get", () => this.known(id));
  }

  /** The files of a completed job, for `TextClassifier.load`; null if it has none yet, or if there is no such job. */
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

  /** The log lines of a job. */
  async logs(id: string): Promise<readonly string[]> {
    text("JobQueue.logs", "id", id);
    return (await this.server.call("JobQueue.logs", () => this.queue.getJobLogs(id))).logs;
  }

  /** Cancels a job: a waiting one is removed, a running one stops within a step and keeps its last checkpoint. Returns whether there was one. */
  async cancel(id: string): Promise<boolean> {
    text("JobQueue.cancel", "id", id);
    return this.server.call("JobQueue.cancel", () => this.cancelled(id), false);
  }

  private async cancelled(id: string): Promise<boolean> {
    const state = (await this.known(id))?.state;
    if (state === "waiting") {
      // Its dependencies are cancelled one by one. Together this fails while one of them runs.
      const { unprocessed = [] } = (await (await this.stored(id))?.getDependencies()) ?? {};
      // If a worker has taken it in the meantime, it is not removed.
      if ((await this.queue.remove(id, { removeChildren: false })) !== 1) return this.cancelled(id);
      for (const key of unprocessed) await this.cancelled(key.slice(key.lastIndexOf(":") + 1));
      return true;
    }
    const job = state === "active" ? await this.stored(id) : undefined;
    if (!job) return false;
    await job.updateData({ ...job.data, cancelled: true });
    return true;
  }

  /** Retries a failed job. Returns whether there was one. */
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
   * Removes the jobs that were completed, failed or cancelled before a time. They stay in the queue otherwise. Their names are then free again.
   * Results stay in their places. Returns the number of removed jobs.
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

  /** The number of jobs in each state. */
  async counts(): Promise<Readonly<Record<string, number>>> {
    return this.server.call("JobQueue.counts", () => this.queue.getJobCounts());
  }

  /** Metrics of the queue in Prometheus' text format. */
  async metrics(): Promise<string> {
    return this.server.call("JobQueue.metrics", () => this.queue.exportPrometheusMetrics());
  }

  /** Closes the connection, within some seconds. Calls without an answer then fail with `QueueError`. */
  async close(): Promise<void> {
    await this.server.close();
    await Promise.all([letGo(this.engine, this.queue), this.flows.close()]);
  }

  /** A job by its id, also one that BullMQ did not write; null if there is none. */
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

  /** A BullMQ job; undefined if it cannot be read or does not exist. */
  private stored(id: string): Promise<StoredJob | undefined> {
    return this.queue.getJob(id).catch((error: unknown) => {
      if (!isUnreadable(error)) throw error;
      return undefined;
    });
  }

  /** State of a job; null if it was removed in the meantime, or if the key is not a job. */
  private async described(read: StoredJob): Promise<QueuedJob | null> {
    const state = await read.getState();
    if (state === "unknown") return null;
    const hasEnded = state === "completed" || state === "failed";
    // The state is read last. If the job has ended in between, the rest is read again.
    const job = hasEnded && !read.finishedOn ? await this.queue.getJob(read.id!) : read;
    return job ? describe(job, state) : null;
  }
}
