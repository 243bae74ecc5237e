import type { TrustedAddress } from "../../engine/trusted-address.js";
import { UnsupportedError } from "../../errors/errors.js";
import type { WorkerChannel } from "../protocol/messages.js";

/** How a runtime starts workers, and what it sends to them. */
export interface WorkerRuntime {
  /** Starts a worker from the package's file, or a copy of it. */
  start(place: { readonly url: string | TrustedAddress | null; readonly type: "classic" | "module" }): WorkerChannel;
  /** Uses a worker that the caller started. */
  attach(worker: object): WorkerChannel;
  /** Base of relative URLs; null if the worker has the same. */
  base(): string | null;
  /** URLs of the kernels' binaries, by variant, and of the worker's scripts, by name; null if the worker finds them itself. */
  files(): Readonly<Record<string, string>> | null;
}

let runtime: WorkerRuntime | undefined;

/** Called once by the entry of each runtime with workers. */
export function setWorkerRuntime(found: WorkerRuntime): void {
  runtime = found;
}

/** Throws `UnsupportedError` in a runtime without workers. */
export function workerRuntime(what: string): WorkerRuntime {
  if (runtime !== undefined) return runtime;
  throw new UnsupportedError(`${what}: this entry point of the package starts no workers`, {
    op: what,
    missing: "Worker",
  });
}
