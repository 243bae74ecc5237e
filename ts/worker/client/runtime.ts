import type { TrustedAddress } from "../../engine/trusted-address.js";
import { UnsupportedError } from "../../errors/errors.js";
import type { WorkerChannel } from "../protocol/channel.js";

/** How a runtime starts the package's worker, and what its worker has to be told. */
export interface WorkerRuntime {
  /** Starts a worker from the package's own file, or from another place of it. */
  start(place: { readonly url: string | TrustedAddress | null; readonly type: "classic" | "module" }): WorkerChannel;
  /** Uses a worker that the caller has started. */
  attach(worker: object): WorkerChannel;
  /** What relative addresses begin from; null where the worker shares it. */
  base(): string | null;
  /** Addresses of the kernels' binaries, by variant; null where the worker finds them. */
  binaries(): Readonly<Record<string, string>> | null;
}

let runtime: WorkerRuntime | undefined;

/** Called once by the entry of each runtime that has workers. */
export function setWorkerRuntime(found: WorkerRuntime): void {
  runtime = found;
}

/** Throws `UnsupportedError` where this runtime has no workers. */
export function workerRuntime(what: string): WorkerRuntime {
  if (runtime !== undefined) return runtime;
  throw new UnsupportedError(`${what}: this entry point of the package starts no workers`, {
    op: what,
    missing: "Worker",
  });
}
