import { pathToFileURL } from "node:url";
import { type MessagePort, Worker } from "node:worker_threads";
import type { WorkerData, WorkerSource } from "../engine/pool.js";
import { beside } from "./files-node.js";

/** Starts a worker of the pool, from the package's file if no other is given; hands it its data with the port that they hold. */
export function startWorker(
  data: WorkerData & { life: MessagePort },
  life: MessagePort,
  source?: WorkerSource,
): { worker: Worker; address?: string } {
  if (typeof source === "function") {
    const worker = source() as unknown as Worker;
    worker.postMessage(data, [life]);
    return { worker };
  }
  const address = String(source ?? beside("worker-node.js"));
  const file = address.startsWith("file:") ? new URL(address) : pathToFileURL(address);
  // Options of the process, such as --input-type, may be ones that a worker refuses.
  const worker = new Worker(file, { workerData: data, transferList: [life], execArgv: [] });
  return { worker, address };
}
