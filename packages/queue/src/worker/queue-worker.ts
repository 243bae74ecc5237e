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

/** How a worker takes jobs. */
export interface QueueWorkerOptions {
  /** Address of the server: redis://, rediss://, postgres://. */
  readonly queue: string;
  /** The queue's name; default "lowrank". */
  readonly name?: string;
  /** Jobs at once, each in a thread with an engine of its own; default 1. */
  readonly concurrency?: number;
  /** Threads of each engine where a job's spec does not say; default: the processor's, shared out. */
  readonly threads?: number;
  /** Build of the kernels where a job's spec does not say, as `init`; default "auto". Checkpoints go on in the build they began with. */
  readonly build?: "auto" | "simd" | "relaxed";
  /** Seconds after which a worker that says nothing counts as dead; default 30. */
  readonly lockSeconds?: number;
  /** Shows the queue in a browser, by Bull Board; whoever reaches it may change the queue. Default host 127.0.0.1; port 0 takes a free one. */
  readonly board?: { readonly port: number; readonly host?: string };
  /** Stops: jobs under way write a checkpoint and go back to the queue. */
  readonly signal?: AbortSignal;
  /** Hears what goes on. */
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

/** How often a job may lose its worker before it counts as failed: it may be what kills them. */
const MOST_STALLS = 10;

/** Minutes of which the queue keeps how many jobs have ended in each: without them the sums that `metrics` tells are not counted. */
const MINUTES_KEPT = 60;

/** After which a worker asks again that has lost PostgreSQL, milliseconds; BullMQ's own time is longer than most locks. */
const AGAIN_AFTER = 1_000;

/**
 * Takes trainings from a queue and runs them, until `signal` is aborted. Every job has a checkpoint in its place, from which the
 * next worker goes on to the same bits where this one is killed. Throws `ConfigError` for options that make no sense and where the
 * server does not answer at the start; later it is waited for. When it is told to stop it is waited for ten seconds: `QueueError` names the
 * jobs that could not be handed back, which other workers take when `lockSeconds` are over.
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
      // Three parameters, so that the third is given.
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
    // Whoever has lost a job to another worker lets go of it.
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
