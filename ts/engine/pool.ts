import { instantiate } from "./instantiate.js";

/** What a worker needs to take part: the compiled binary and the memory that all threads share. */
export interface WorkerData {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
}

/** How a runtime starts workers. */
export interface WorkerHost {
  /** Threads that run at once on this machine. */
  readonly concurrency: () => number;
  /** Starts one worker in `worker_loop`; resolves when it is about to enter it. The worker must not keep a process alive. */
  readonly spawn: (data: WorkerData) => Promise<void>;
}

let host: WorkerHost | undefined;

/** More threads than this gain nothing at the sizes that adapters are trained at. */
const MOST_THREADS = 16;

/** Called once by the entry point of each runtime that has workers. */
export function setWorkerHost(found: WorkerHost): void {
  host = found;
}

/** Threads to use: what was asked for, as far as this runtime can start workers. */
export function threadCount(wanted: number | "auto"): number {
  if (host === undefined) return 1;
  return Math.min(MOST_THREADS, wanted === "auto" ? Math.max(1, host.concurrency()) : wanted);
}

/** Starts `count` workers and waits until they are up. */
export async function startWorkers(count: number, data: WorkerData): Promise<void> {
  await Promise.all(Array.from({ length: count }, () => host!.spawn(data)));
}

/** What a worker does: joins the memory, says that it is there, and works for ever. */
export async function serve({ module, memory }: WorkerData, announce: () => void): Promise<void> {
  const kernels = await instantiate(module, memory);
  announce();
  (kernels as typeof kernels & { worker_loop(): void }).worker_loop();
}
