import { type Features, sharedMemoryObstacle } from "./features.js";
import { instantiate } from "./instantiate.js";
import type { SharedKernels } from "./wasm-kernels.js";

/** What a worker needs to take part: the compiled binary and the memory that all threads share. */
export interface WorkerData {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
}

/** A worker that was started. */
export interface PoolWorker {
  /** Resolves when the worker is about to enter `worker_loop`; rejects where it ends before. */
  readonly ready: Promise<unknown>;
  /** Ends the worker, whatever it does; resolves when it is gone. */
  readonly end: () => unknown;
}

/** How a runtime starts workers. */
export interface WorkerHost {
  /** Threads that run at once on this machine. */
  readonly concurrency: () => number;
  /** Starts one worker in `worker_loop`. It must not keep a process alive, and its death must not end one. */
  readonly spawn: (data: WorkerData) => PoolWorker;
}

let host: WorkerHost | undefined;

/** More threads than this gain nothing at the sizes that adapters are trained at. */
export const MOST_THREADS = 16;
/** Milliseconds in which a worker has to be up; some runtimes never say that they refuse one. */
const START_LIMIT = 30_000;

/** Called once by the entry point of each runtime that has workers. */
export function setWorkerHost(found: WorkerHost): void {
  host = found;
}

/** Threads to start, and why they are fewer than were asked for, or than "auto" would take; null where they are not. */
export interface ThreadPlan {
  readonly threads: number;
  readonly refused: string | null;
}

/** What can be had of `wanted` threads. `ownBinary`: the caller gave the binary, which is one without threads. */
export function planThreads(wanted: number | "auto", features: Features, ownBinary: boolean): ThreadPlan {
  const asked = wanted === "auto" ? Math.min(cores(), MOST_THREADS) : wanted;
  const obstacle =
    asked === 1 ? null
    : host === undefined ? "this entry point starts no workers"
    : ownBinary ? "`wasm` runs on one thread"
    : features.threads ? ""
    : sharedMemoryObstacle(); // prettier-ignore
  if (obstacle !== "") return { threads: 1, refused: obstacle };
  if (asked <= MOST_THREADS) return { threads: asked, refused: null };
  return { threads: MOST_THREADS, refused: `more than ${MOST_THREADS} threads gain nothing here` };
}

function cores(): number {
  const { navigator } = globalThis as { navigator?: { hardwareConcurrency?: number } };
  return Math.max(1, (host === undefined ? navigator?.hardwareConcurrency : host.concurrency()) || 1);
}

/**
 * Starts `count` workers and waits until they are up; gives what ends them, and resolves when they are gone. Where one
 * does not come up, none is left behind.
 */
export async function startWorkers(count: number, data: WorkerData): Promise<() => Promise<void>> {
  const workers: PoolWorker[] = [];
  const end = async () => void (await Promise.all(workers.map((worker) => worker.end())));
  try {
    while (workers.length < count) workers.push(host!.spawn(data));
    await inTime(Promise.all(workers.map((worker) => worker.ready)));
  } catch (error) {
    for (const { ready } of workers) ready.catch(() => undefined);
    await end();
    throw error;
  }
  return end;
}

function inTime(started: Promise<unknown>): Promise<unknown> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`workers were not up within ${START_LIMIT / 1000} s`)), START_LIMIT);
  });
  return Promise.race([started, late]).finally(() => clearTimeout(timer));
}

/** What a worker does: joins the memory, says that it is there, and works for ever. */
export async function serve({ module, memory }: WorkerData, announce: () => void): Promise<void> {
  const kernels = (await instantiate(module, memory)) as SharedKernels;
  announce();
  try {
    kernels.worker_loop();
  } catch (error) {
    // The caller waits for this thread's task, and can be told by no other way: it blocks.
    kernels.worker_failed();
    throw error;
  }
}
