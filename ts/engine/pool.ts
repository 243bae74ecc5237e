import { clip } from "../errors/excerpt.js";
import { type Features, sharedMemoryObstacle } from "./features.js";
import { instantiate, type LostWorkers } from "./instantiate.js";
import type { SharedKernels } from "./platform-types.js";
import type { TrustedAddress } from "./trusted-address.js";
import { startedBy, type WorkerLike, type WorkerSource } from "./worker-source.js";

/** What a thread needs: the compiled binary, the shared memory, and its number. */
export interface WorkerData {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly index: number;
}

/** A started worker. */
export interface PoolWorker {
  /** Resolves when the worker is about to enter `worker_loop`; rejects if it ends before. */
  readonly ready: Promise<unknown>;
  /** Ends the worker at once; resolves when it has ended. */
  readonly end: () => unknown;
  /** The platform's object, by which others can end it. */
  readonly thread?: { terminate: () => unknown };
  /**
   * Whether the thread still exists, for a caller that blocks and receives no events. Without this function, a thread whose task takes more
   * than half a minute counts as dead and is ended.
   */
  readonly alive?: () => boolean;
}

/** How a runtime starts workers. */
export interface WorkerHost {
  /** Number of cores. */
  readonly concurrency: () => number;
  /**
   * Starts one worker in `worker_loop`, from a URL if given, or uses a started one. It must not keep a process alive, and its death must
   * not end one.
   */
  readonly spawn: (data: WorkerData, from?: URL | string | TrustedAddress | WorkerLike) => PoolWorker;
  /** The package that has WebGPU for a runtime without `navigator.gpu`. */
  readonly gpu?: () => Promise<{ create(options: string[]): GPU }>;
}

let host: WorkerHost | undefined;
/** How this runtime gets WebGPU, if `navigator` has none. */
export const gpuPackage = () => host?.gpu;

/** More threads gain nothing at usual training sizes. */
export const MOST_THREADS = 16;
/** Why "auto" is one thread although more are possible. */
export const ONE_CORE = "there is one core here; more threads are started where `threads` asks for them";
/** Number of checks, 50 ms apart, after which a thread in a task is ended, and after which it counts as dead. */
const SILENT_TO_END = 600;
const SILENT_TO_LOSE = SILENT_TO_END + 40;
/** Milliseconds for a worker to start; some runtimes never report a refusal. */
const START_LIMIT = 30_000;

/** Called once by the entry point of each runtime with workers. */
export function setWorkerHost(found: WorkerHost): void {
  host = found;
}

/** Number of threads to start, and why it is lower than requested, or one for "auto"; null otherwise. */
export interface ThreadPlan {
  readonly threads: number;
  readonly refused: string | null;
}

/** The possible number of `wanted` threads. `ownBinary`: the caller gave a binary, which has no threads. */
export function planThreads(wanted: number | "auto", features: Features, ownBinary: boolean): ThreadPlan {
  const asked = wanted === "auto" ? Math.min(cores(), MOST_THREADS) : wanted;
  if (wanted === 1) return { threads: 1, refused: null };
  // Also reported for a single core: a runtime without shared memory may not report its cores.
  const obstacle =
    host === undefined ? "this entry point of the package starts no workers"
    : ownBinary ? "a binary given as `wasm` runs on one thread"
    : features.threads ? null
    : sharedMemoryObstacle(); // prettier-ignore
  if (obstacle !== null) return { threads: 1, refused: obstacle };
  if (asked === 1) return { threads: 1, refused: ONE_CORE };
  if (asked <= MOST_THREADS) return { threads: asked, refused: null };
  return { threads: MOST_THREADS, refused: `more than ${MOST_THREADS} threads gain nothing here` };
}

/** Why a worker did not start, with advice; the runtime may give no reason. */
export function notStarted(address: string | undefined, reason: string | undefined): Error {
  const which = address === undefined ? "" : ` from ${clip(address)}`;
  const why = reason ?? "the file is not there, or its origin or a security policy (worker-src) forbids it";
  const remedy = 'copy the file of "lowrank/pool-worker" there (bundlers leave it behind), or pass init({ worker })';
  return new Error(`a worker of the pool did not start${which}: ${why}; ${remedy}`);
}

function cores(): number {
  const { navigator } = globalThis as { navigator?: { hardwareConcurrency?: number } };
  return Math.max(1, (host === undefined ? navigator?.hardwareConcurrency : host.concurrency()) || 1);
}

/** The workers of an engine. */
export class Pool {
  private readonly workers: PoolWorker[] = [];
  private readonly given = new Set<WorkerLike>();
  private failed = false;
  private retire: (index: number) => void = () => undefined;
  /** Bit mask of threads that were silent for too long. */
  private ended = 0;

  /** Starts `count` workers and resolves when they are ready. If one fails, all are ended. */
  async start(
    count: number,
    data: Omit<WorkerData, "index">,
    { retire_worker }: SharedKernels,
    source?: WorkerSource,
  ): Promise<void> {
    this.retire = retire_worker;
    try {
      await inTime(Promise.all(Array.from({ length: count }, (_, index) => this.add({ ...data, index }, source))));
    } catch (error) {
      this.failed = true;
      await this.end();
      throw error;
    }
  }

  private async add(data: WorkerData, source: WorkerSource | undefined): Promise<void> {
    const { index } = data;
    const given = typeof source === "function" ? await startedBy(source) : undefined;
    const worker =
      given === undefined
        ? host!.spawn(data, source as Exclude<WorkerSource, () => unknown> | undefined)
        : this.take(data, given);
    this.workers[index] = worker;
    const { thread } = worker;
    if (thread !== undefined) {
      // Between two kernels: this thread is in none, so the worker is in none either when it ends.
      const { terminate } = thread;
      thread.terminate = () => (this.retire(index), terminate.call(thread));
    }
    await worker.ready;
  }

  /** A worker of the caller's; ended if it is refused, or comes after another has failed. */
  private take(data: WorkerData, given: WorkerLike): PoolWorker {
    try {
      if (this.failed) throw new Error("another worker of the pool did not start");
      if (this.given.has(given)) throw new Error("the function given as `worker` gave one worker twice");
      this.given.add(given);
      return host!.spawn(data, given);
    } catch (error) {
      Promise.resolve()
        .then(() => given.terminate())
        .catch(() => undefined);
      throw error;
    }
  }

  /** Bit mask of dead threads: as reported by them, else by their silence. */
  readonly lost: LostWorkers = (working, silent) => {
    let gone = 0;
    for (const [index, worker] of this.workers.entries()) {
      const bit = 1 << index;
      if (worker.alive !== undefined) gone |= worker.alive() ? 0 : bit;
      else if (this.ended & bit) gone |= silent >= SILENT_TO_LOSE ? bit : 0;
      else if (silent >= SILENT_TO_END && working & bit) this.giveUp(index, worker);
    }
    return gone;
  };

  /** Gives a worker up. If it is alive after all, it ends before it counts as dead, and takes part in nothing later. */
  private giveUp(index: number, worker: PoolWorker): void {
    this.ended |= 1 << index;
    this.retire(index);
    const end = worker.end();
    if (end instanceof Promise) end.catch(() => undefined);
  }

  /** Ends them; resolves when they have ended. */
  async end(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.end()));
  }
}

function inTime(started: Promise<unknown>): Promise<unknown> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`workers were not up within ${START_LIMIT / 1000} s`)), START_LIMIT);
  });
  return Promise.race([started, late]).finally(() => clearTimeout(timer));
}

/** A worker's main function: joins the memory, reports that it is ready, and works until it is ended. */
export async function serve({ module, memory, index }: WorkerData, announce: () => void): Promise<void> {
  const kernels = (await instantiate(module, memory)) as SharedKernels;
  announce();
  try {
    kernels.worker_loop(index);
  } catch (error) {
    // The caller is blocked waiting for this thread's task and can be notified in no other way.
    kernels.worker_failed(index);
    throw error;
  }
}
