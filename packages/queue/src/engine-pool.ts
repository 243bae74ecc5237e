import { UnsupportedError } from "lowrank";
import type { SharedSettings } from "lowrank/extension";
import { type LowrankWorker, startWorker, WorkerLostError } from "lowrank/worker";

/** An engine as a job's spec asks for it; "auto" leaves it to the pool. */
type Wanted = Pick<SharedSettings, "build" | "threads">;

/** What the pool gives where a spec asks for nothing. */
interface Default {
  readonly build: SharedSettings["build"];
  readonly threads: number;
}

/** An engine that a spec asks for and this runtime cannot run: another machine may. */
export class NoSuchEngineError extends UnsupportedError {}

/** Threads with an engine each, started when they are first needed. */
export class EnginePool {
  private readonly idle: LowrankWorker[] = [];

  constructor(private readonly options: Default) {}

  /**
   * Gives a thread that nothing else uses, with the engine that a spec asks for, to `work`. One that has died meanwhile is not used again.
   * Throws `NoSuchEngineError` where the engine that it asks for cannot be started here; else as `work`.
   */
  async use<T>(wanted: Wanted, work: (worker: LowrankWorker) => Promise<T>): Promise<T> {
    const worker = await this.take(wanted);
    try {
      const result = await work(worker);
      this.idle.push(worker);
      return result;
    } catch (error) {
      if (error instanceof WorkerLostError) worker.terminate();
      else this.idle.push(worker);
      throw error;
    }
  }

  private async take(wanted: Wanted): Promise<LowrankWorker> {
    const build = wanted.build === "auto" ? this.options.build : wanted.build;
    const threads = wanted.threads === "auto" ? this.options.threads : wanted.threads;
    const at = this.idle.findIndex(({ options }) => options.build === build && options.threads === threads);
    if (at >= 0) return this.idle.splice(at, 1)[0]!;
    // In its place, so that there are never more than are used at once.
    this.idle.shift()?.terminate();
    try {
      return await startWorker({ build, threads });
    } catch (cause) {
      if (!(cause instanceof UnsupportedError) || (wanted.build === "auto" && wanted.threads === "auto")) throw cause;
      const engine = `build "${build}" and ${threads} thread${threads === 1 ? "" : "s"}`;
      const message = `the spec asks for ${engine}, which this machine does not run: ${cause.message}`;
      throw new NoSuchEngineError(message, cause.details, { cause });
    }
  }

  /** Ends the threads that are idle. */
  close(): void {
    for (const worker of this.idle.splice(0)) worker.terminate();
  }
}
