import type { Job, Queue, Worker } from "bullmq";
import { availableParallelism, hostname } from "node:os";
import { callable, checkOptions, checkSignal, oneOf, untilAborted, whole } from "lowrank/extension";
import { queueName } from "../jobs/job-id.js";
import { answered, Flows, letGo, QUEUE_NAME, queueEngine } from "../queue-engine.js";
import type { Payload } from "../jobs/queued-training.js";
import type { TrainingOutcome } from "../run-attempt.js";
import { openBoard, takeBoard } from "./board.js";
import { EnginePool } from "../engine-pool.js";
import { JobHandler } from "./job-handler.js";
import { leave } from "./leave.js";
import { Troubles } from "./troubles.js";
import type { QueueWorkerEvent } from "./worker-events.js";

/** Options of a worker. */
export interface QueueWorkerOptions {
  /** Address of the server: redis://, rediss://, postgres://. */
  readonly queue: string;
  /** The queue's name; default "lowrank". */
  readonly name?: string;
  /** Number of concurrent jobs, each in its own thread with its own engine; default 1. */
  readonly concurrency?: number;
  /** Threads of each engine for jobs whose spec does not set them; default: the processor's threads divided by `concurrency`. */
  readonly threads?: number;
  /** Build of the kernels, as in `init`, for jobs whose spec does not set it; default "auto". A checkpoint continues in the build that wrote it. */
  readonly build?: "auto" | "simd" | "relaxed";
  /** Seconds after which a silent worker counts as dead; default 30. */
  readonly lockSeconds?: number;
  /** Shows the queue in a browser with Bull Board. Anyone who can reach it can change the queue. Default host 127.0.0.1; port 0 selects a free one. */
  readonly board?: { readonly port: number; readonly host?: string };
  /** Stops the worker: running jobs write a checkpoint and return to the queue. */
  readonly signal?: AbortSignal;
  /** Called with each event. */
  readonly onEvent?: (event: QueueWorkerEvent) => void;
}

const OPTIONS = [
  "queue",
  "name",
  "concurrency",
  "threads",
  "build",
  "lockSeconds",
  "board",
  "signal",
  "onEvent",
] as const;

/** Number of times that a job may lose its worker before it fails. The job itself may be the cause. */
const MOST_STALLS = 10;

/** Minutes for which the queue stores the number of ended jobs. Without them, BullMQ does not count the sums in `metrics`. */
const MINUTES_KEPT = 60;

/** Pause before reconnecting to PostgreSQL, in milliseconds. BullMQ's default is longer than most locks. */
const AGAIN_AFTER = 1_000;

/**
 * Takes trainings from a queue and runs them, until `signal` is aborted. Each job stores checkpoints in its place. If this worker is
 * killed, the next one continues from there to the same bits. Throws `ConfigError` for invalid options, and if the
 * server does not answer at the start; later the worker waits for it. After `signal`, it waits up to ten seconds: `QueueError` names the
 * jobs that could not be returned. Other workers take them after `lockSeconds`.
 */
export async function runQueueWorker(options: QueueWorkerOptions): Promise<void> {
  const what = "runQueueWorker";
  checkOptions(what, options, OPTIONS);
  const { signal, onEvent = () => undefined } = options;
  checkSignal(what, signal);
  const tell = callable(what, "onEvent", onEvent);
  const name = queueName(what, options.name ?? QUEUE_NAME);
  const concurrency = whole(what, "concurrency", options.concurrency ?? 1, 1, 256);
  const share = Math.max(1, Math.floor(availableParallelism() / concurrency));
  const threads = whole(what, "threads", options.threads ?? share, 1, 64);
  const build = oneOf(what, "build", options.build ?? "auto", ["auto", "simd", "relaxed"]);
  const lock = 1_000 * whole(what, "lockSeconds", options.lockSeconds ?? 30, 1, 3_600);
  const board = options.board === undefined ? null : takeBoard(what, options.board);
  const engine = await queueEngine(what, options.queue);
  const queue = new engine.Queue<Payload, TrainingOutcome>(name, { connection: engine.connection });
  queue.on("error", () => undefined);
  const engines = new EnginePool({ build, threads });
  const flows = new Flows(engine);
  const handler = new JobHandler(engine, { queue, flows }, engines, signal ?? new AbortController().signal, tell);
  let closeBoard = async () => {};
  try {
    await answered(what, engine, queue);
    if (board !== null) {
      const opened = await openBoard(what, queue as Queue, board);
      closeBoard = opened.close;
      tell({ type: "board", address: opened.address });
    }
    const worker: Worker<Payload, TrainingOutcome> = new engine.Worker(
      name,
      // BullMQ passes the third argument only to functions with three parameters.
      (job: Job<Payload, TrainingOutcome>, token: string | undefined, lost: AbortSignal | undefined) =>
        handler.run(job, token!, lost!),
      {
        connection: engine.connection,
        name: `${hostname()} ${process.pid}`,
        concurrency,
        lockDuration: lock,
        stalledInterval: lock / 2,
        maxStalledCount: MOST_STALLS,
        runRetryDelay: AGAIN_AFTER,
        metrics: { maxDataPoints: MINUTES_KEPT },
        autorun: false,
      },
    );
    const troubles = new Troubles(tell);
    worker.on("error", (error) => troubles.tell(error));
    worker.on("stalled", (id) => tell({ type: "stalled", id }));
    worker.on("completed", ({ id }, outcome) => tell({ type: "completed", id: id!, outcome }));
    worker.on("failed", (job, { message }) => {
      if (job) tell({ type: "failed", id: job.id!, error: message, again: !job.finishedOn });
    });
    // A worker that has lost a job to another one stops running it.
    worker.on("lockRenewalFailed", (ids) => ids.forEach((id) => worker.cancelJob(id, "another worker has it")));
    try {
      await answered(what, engine, worker);
    } catch (error) {
      await letGo(engine, worker);
      throw error;
    }
    worker.run().catch((error: Error) => troubles.tell(error));
    tell({ type: "ready", queue: `${name} on ${engine.shown}`, concurrency, threads });
    await untilAborted(new Promise(() => undefined), signal);
    await leave(what, worker, { handler, engine, lock });
  } finally {
    engines.close();
    await closeBoard();
    await Promise.all([letGo(engine, queue), flows.close()]);
  }
}
