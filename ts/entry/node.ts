import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
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
  spawn: (workerData) => {
    // Options of the process, such as --input-type, may be ones that a worker refuses.
    const worker = new Worker(new URL("./worker-node.js", import.meta.url), { workerData, execArgv: [] });
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
      return worker.terminate();
    };
    return { ready, end };
  },
});

export * from "../index.js";

export { cacheFolder, fetchModel, resolveModel, writeFilesAtomically } from "../io/node/index.js";
export type { DownloadProgress, LocalModel, ResolveOptions } from "../io/node/index.js";
