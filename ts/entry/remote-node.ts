import { Worker } from "node:worker_threads";
import type { TrustedAddress } from "../engine/trusted-address.js";
import type { WorkerChannel } from "../worker/protocol/messages.js";
import { setWorkerRuntime } from "../worker/client/runtime.js";

/** A thread of Node, Deno or Bun as a channel; their end is heard as it comes. */
function threadChannel(worker: Worker): WorkerChannel {
  // A thread that nothing is awaited of keeps no process alive.
  worker.unref();
  return {
    address: null,
    byLock: false,
    post: (message, transfer) => worker.postMessage(message, transfer as never),
    listen: (hear) => void worker.on("message", hear),
    onEnd(hear) {
      worker.on("error", hear);
      worker.on("exit", (code) => hear(new Error(`the thread has ended with code ${code}`)));
    },
    busy: (awaited) => (awaited ? worker.ref() : worker.unref()),
    terminate: () => void worker.terminate(),
    diagnose: async () => null,
  };
}

setWorkerRuntime({
  // Options of the process, such as --input-type, may be ones that a thread refuses.
  start: ({ url }) => threadChannel(new Worker(placeOf(url), { execArgv: [] })),
  attach: (worker) => threadChannel(worker as Worker),
  base: () => null,
  files: () => null,
});

/**
 * The package's own file, or one at an address or a path; what Trusted Types make has no use here. Not made into text: a bundler that
 * looks for the worker's file takes `String(…)` for any file beside this one.
 */
const placeOf = (given: string | TrustedAddress | null) =>
  given === null
    ? new URL("./lowrank-worker-node.js", import.meta.url)
    : typeof given === "string" && given.startsWith("file:")
      ? new URL(given)
      : (given as string);

export * from "../worker/index.js";
export { folderStore } from "../training/node/folder-store.js";
export { bucketStore, type BucketStore } from "../training/node/bucket-store.js";
export type { BucketOptions } from "../io/node/bucket/bucket.js";
