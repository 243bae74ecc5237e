import type { Job, Queue } from "bullmq";
import { setTimeout as sleep } from "node:timers/promises";
import { ConfigError } from "lowrank";
import { clip, sameMinor } from "lowrank/extension";
import type { JobEvent } from "lowrank/jobs";
import { attemptName } from "../attempts/job-attempts.js";
import { type EnginePool, NoSuchEngineError } from "../engine-pool.js";
import { CANCELLED, type QueuedProgress } from "../jobs/queued-job.js";
import type { Flows, QueueEngine } from "../queue-engine.js";
import { type Payload, readPayload } from "../jobs/queued-training.js";
import { endStage } from "../sweep/end-stage.js";
import { connectionLoss } from "../server/connection-loss.js";
import { readStage, STAGE } from "../sweep/stage-flow.js";
import type { QueueWorkerEvent } from "./worker-events.js";
import { runAttempt, type TrainingOutcome } from "../run-attempt.js";

/** Interval in milliseconds for checking whether a job was cancelled, and for reporting its progress. */
const ASK_EVERY = 1_000;
const TELL_EVERY = 500;
/** Delay in milliseconds before a job that this worker cannot run is offered again. */
const OTHERS = 15_000;
/** Pause in milliseconds before the server is asked again to take a job back. */
const AGAIN_AFTER = 250;
const LATE = "its deadline has passed";

type QueueJob = Job<Payload, TrainingOutcome>;

/** Runs jobs of a queue, and translates how each ends into an action of the queue. */
export class JobHandler {
  private readonly attempts = new Set<Promise<unknown>>();
  /** Jobs that are being returned to the queue. */
  private readonly returning = new Set<string>();
  private readonly gaveUp = new AbortController();

  constructor(
    private readonly engine: QueueEngine,
    private readonly to: { readonly queue: Queue<Payload, TrainingOutcome>; readonly flows: Flows },
    private readonly engines: EnginePool,
    private readonly stop: AbortSignal,
    private readonly tell: (event: QueueWorkerEvent) => void,
  ) {}

  /** @param lost aborted when another worker has taken the job */
  async run(job: QueueJob, token: string, lost: AbortSignal): Promise<TrainingOutcome> {
    if (job.name === STAGE) return this.endStage(job, token);
    const { UnrecoverableError } = this.engine;
    // Checked first, because other versions may have other entries.
    await this.refuseOtherVersion(job, token);
    const payload = this.checked(job, readPayload);
    if (payload.cancelled) throw new UnrecoverableError(CANCELLED);
    if (payload.deadline !== null && payload.deadline <= Date.now()) throw new UnrecoverableError(LATE);
    const end = new AbortController();
    const watch = this.watch(job, payload, end);
    const signal = AbortSignal.any([end.signal, lost, this.stop]);
    try {
      const attempt = this.engines.use(payload.spec, (worker) =>
        runAttempt(payload, attemptName(job), {
          worker,
          signal,
          onProgress: this.progressOf(job),
          onBegin: (resumedAfter, why) => {
            this.tell({ type: "begin", id: job.id!, attempt: job.attemptsStarted, resumedAfter });
            const how = resumedAfter === null ? "started" : `continues after step ${resumedAfter}`;
            const { build, threads } = worker.info;
            const on = `build ${build}, ${threads} thread${threads === 1 ? "" : "s"}`;
            void this.said(job, `${why === undefined ? how : `starts again: ${why}`} (${on})`);
          },
          onFound: () => {
            this.tell({ type: "found", id: job.id!, out: payload.out });
            void this.said(job, `${payload.out} already has a result: nothing is trained`);
          },
        }),
      );
      return await this.counted(attempt);
    } catch (error) {
      if (end.signal.aborted) throw new UnrecoverableError(String(end.signal.reason));
      if (this.stop.aborted && !lost.aborted) {
        clearInterval(watch);
        await this.givenBack(job, () => job.moveToWait(token));
        await this.handedBack(job, "the worker stops");
        throw new this.engine.WaitingError();
      }
      if (error instanceof NoSuchEngineError) await this.leaveToOthers(job, token, error.message);
      void this.said(job, clip(String(error)));
      throw error;
    } finally {
      clearInterval(watch);
    }
  }

  /** Waits until no attempt is running. Stopped ones have written their checkpoints. */
  async atRest(): Promise<void> {
    while (this.attempts.size > 0) await Promise.allSettled(this.attempts);
  }

  /** Jobs that could not be returned to the queue. */
  get left(): readonly string[] {
    return [...this.returning];
  }

  private async endStage(job: QueueJob, token: string): Promise<TrainingOutcome> {
    await this.refuseOtherVersion(job, token);
    const { queue, flows } = this.to;
    return endStage(job, this.checked(job, readStage), queue, flows);
  }

  private async refuseOtherVersion(job: QueueJob, token: string): Promise<void> {
    const { version } = Object(job.data) as { version?: unknown };
    if (typeof version !== "string" || sameMinor(version)) return;
    await this.leaveToOthers(job, token, `it is of version ${version}, this worker of another`);
  }

  private async leaveToOthers(job: QueueJob, token: string, why: string): Promise<never> {
    await this.givenBack(job, () => job.moveToDelayed(Date.now() + OTHERS, token));
    await this.handedBack(job, why);
    throw new this.engine.DelayedError();
  }

  /** Stops waiting for the server to take jobs back. */
  giveUp(): void {
    this.gaveUp.abort();
  }

  /** Returns a job to the queue as soon as the server is available. */
  private async givenBack(job: QueueJob, give: () => Promise<unknown>): Promise<void> {
    this.returning.add(job.id!);
    for (;;) {
      try {
        await give();
        break;
      } catch (error) {
        if (this.gaveUp.signal.aborted) throw new this.engine.WaitingError();
        if (connectionLoss(error) === null) {
          this.returning.delete(job.id!);
          throw error;
        }
        await sleep(AGAIN_AFTER, undefined, { signal: this.gaveUp.signal }).catch(() => undefined);
      }
    }
    this.returning.delete(job.id!);
  }

  private async counted<T>(attempt: Promise<T>): Promise<T> {
    this.attempts.add(attempt);
    try {
      return await attempt;
    } finally {
      this.attempts.delete(attempt);
    }
  }

  /** Reads a job's training. Throws an error that fails the job finally, because another attempt would fail too. */
  private checked<T>(job: QueueJob, read: (what: string, data: unknown) => T): T {
    try {
      return read(`job ${job.id}`, job.data);
    } catch (error) {
      if (error instanceof ConfigError) throw new this.engine.UnrecoverableError(error.message);
      throw error;
    }
  }

  /** Stops a job that was cancelled, or whose deadline has passed. */
  private watch(job: QueueJob, { deadline }: Payload, end: AbortController): NodeJS.Timeout {
    return setInterval(() => {
      if (deadline !== null && deadline <= Date.now()) end.abort(LATE);
      this.to.queue.getJob(job.id!).then(
        (now) => ((now?.data as Payload | null | undefined)?.cancelled ? end.abort(CANCELLED) : undefined),
        // If the server is away, it is asked again.
        () => undefined,
      );
    }, ASK_EVERY);
  }

  private progressOf(job: QueueJob): (event: JobEvent) => void {
    let last = 0;
    return (event) => {
      if (event.type === "warning") void this.said(job, `warning: ${event.message}`);
      if (event.type !== "progress") return;
      const { phase, done, total, loss, secondsLeft } = event;
      if (done < total && Date.now() - last < TELL_EVERY) return;
      last = Date.now();
      const progress: QueuedProgress = {
        phase,
        done,
        total,
        ...(loss === undefined ? {} : { loss }),
        ...(secondsLeft === undefined ? {} : { secondsLeft }),
      };
      job.updateProgress(progress as object).catch(() => undefined);
    };
  }

  private async handedBack(job: QueueJob, why: string): Promise<void> {
    this.tell({ type: "handed back", id: job.id!, why });
    await this.said(job, `handed back: ${why}`);
  }

  /** Adds a line to the job's log, if the server accepts it. */
  private async said(job: QueueJob, line: string): Promise<void> {
    await job.log(`${new Date().toISOString()} ${line}`).catch(() => undefined);
  }
}
