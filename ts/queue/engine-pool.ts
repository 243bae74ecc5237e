import { WorkerLostError } from "../errors/errors.js";
import type { LowrankWorker } from "../worker/client/living-worker.js";
import { startWorker } from "../worker/client/shared-worker.js";

/** Threads with an engine each, started when they are first needed. */
export class EnginePool {
  private readonly idle: LowrankWorker[] = [];

  constructor(private readonly options: { readonly build: "auto" | "simd" | "relaxed"; readonly threads: number }) {}

  /** Gives a thread that nothing else uses to `work`. One that has died meanwhile is not used again. */
  async use<T>(work: (worker: LowrankWorker) => Promise<T>): Promise<T> {
    const worker = this.idle.pop() ?? (await startWorker(this.options));
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

  /** Ends the threads that are idle. */
  close(): void {
    for (const worker of this.idle.splice(0)) worker.terminate();
  }
}
