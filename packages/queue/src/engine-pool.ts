import { UnsupportedError } from "lowrank";
import type { SharedSettings } from "lowrank/extension";
import { type LowrankWorker, startWorker, WorkerLostError } from "lowrank/worker";

/** The engine that a job's spec requires; "auto" lets the pool decide. */
type Wanted = Pick<SharedSettings, "build" | "threads">;

/** The pool's defaults. */
interface Default {
  readonly build: SharedSettings["build"];
  readonly threads: number;
}

/** Thrown if this runtime cannot run the engine that a spec requires. Another machine may. */
export class NoSuchEngineError extends UnsupportedError {}

/** Threads with one engine each, started on first use. */
export class EnginePool {
  private readonly idle: LowrankWorker[] = [];

  constructor(private readonly options: Default) {}

  /**
   * Calls `work` with an unused thread that has the required engine. Threads that have died are not used again.
   * Throws `NoSuchEngineError` if the engine cannot be started here; otherwise like `work`.
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
    // Replaces it, so that there are never more threads than concurrent jobs.
    this.idle.shift()?.terminate();
    try {
      return await startWorker({ build, threads });
    } catch (cause) {
      if (!(cause instanceof UnsupportedError) || (wanted.build === "auto" && wanted.threads === "auto")) throw cause;
      const engine = `build "${build}" and ${threads} thread${threads === 1 ? "" : "s"}`;
      const message = `the spec needs ${engine}, which this machine cannot run: ${cause.message}`;
      throw new NoSuchEngineError(message, cause.details, { cause });
    }
  }

  /** Ends idle threads. */
  close(): void {
    for (const worker of this.idle.splice(0)) worker.terminate();
  }
}
