import { pathToFileURL } from "node:url";
import { type MessagePort, Worker } from "node:worker_threads";
import type { WorkerData } from "../engine/pool.js";
import type { TrustedAddress } from "../engine/trusted-address.js";
import type { WorkerLike } from "../engine/worker-source.js";
import { beside } from "./files-node.js";

/** Starts a worker of the pool, from the package's file if no other is given, or takes one; hands it its data with the port that they hold. */
export function startWorker(
  data: WorkerData & { life: MessagePort },
  life: MessagePort,
  from?: URL | string | TrustedAddress | WorkerLike,
): { worker: Worker; address?: string } {
  if (typeof from === "object" && "terminate" in from) {
    const worker = from as unknown as Worker;
    // Deno and Bun also have a page's workers, which tell no events as these do.
    if (typeof worker.on !== "function") throw new Error("`worker` gave no Worker of node:worker_threads");
    worker.postMessage(data, [life]);
    return { worker };
  }
  const address = String(from ?? beside("worker-node.js"));
  const file = address.startsWith("file:") ? new URL(address) : pathToFileURL(address);
  // Options of the process, such as --input-type, may be ones that a worker refuses.
  const worker = new Worker(file, { workerData: data, transferList: [life], execArgv: [] });
  return { worker, address };
}
