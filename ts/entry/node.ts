import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { MessageChannel, receiveMessageOnPort, Worker } from "node:worker_threads";
import { setWorkerHost } from "../engine/pool.js";
import { setBinaryLocator } from "../engine/source.js";
import { provideFileAccess } from "../io/file-access.js";
import { locateModel, nodeFileAccess } from "../io/node/index.js";
import { setModelLocator } from "../io/model-source.js";

setBinaryLocator((variant) => readFile(new URL(`./wasm/lowrank-${variant}.wasm`, import.meta.url)));
provideFileAccess(nodeFileAccess);
setModelLocator(locateModel);

setWorkerHost({
  concurrency: availableParallelism,
  spawn: (data) => {
    const { port1, port2 } = new MessageChannel();
    let life = port1;
    life.unref();
    const workerData = { ...data, life: port2 };
    // Options of the process, such as --input-type, may be ones that a worker refuses.
    const options = { workerData, transferList: [port2], execArgv: [] };
    const worker = new Worker(new URL("./worker-node.js", import.meta.url), options);
    const ready = new Promise<void>((resolve, reject) => {
      // Stays for good: an error that nobody listens for would end the process.
      worker.on("error", reject);
      worker.once("exit", (code) => reject(new Error(`a worker of the pool ended at once, with code ${code}`)));
      worker.once("message", () => {
        worker.unref();
        resolve();
      });
    });
    const end = () => {
      // A message on its way would `unref` it, and the process end before the worker has.
      worker.removeAllListeners("message");
      worker.ref();
      return worker.terminate();
    };
    // No event of a thread's end is heard while this one waits in a kernel. But the thread held a port, whose closing reaches
    // the other one without the event loop, and a port that is closed cannot be moved. (Deno and Bun move it all the same.)
    const alive = () => {
      receiveMessageOnPort(life);
      try {
        life = structuredClone(life, { transfer: [life as unknown as Transferable] });
      } catch {
        return false;
      }
      life.unref();
      return true;
    };
    return { ready, end, thread: worker, alive };
  },
});

export * from "../index.js";

export { cacheFolder, fetchModel, resolveModel, writeFilesAtomically } from "../io/node/index.js";
export type { DownloadProgress, LocalModel, ResolveOptions } from "../io/node/index.js";
