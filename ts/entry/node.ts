import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { MessageChannel, type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import { notStarted, setWorkerHost } from "../engine/pool.js";
import { setBinaryLocator } from "../engine/source.js";
import { UnsupportedError } from "../errors/errors.js";
import { provideFileAccess } from "../io/file-access.js";
import { locateModel, nodeFileAccess } from "../io/node/index.js";
import { setModelLocator } from "../io/model-locator.js";
import { beside } from "./files-node.js";
import { startWorker } from "./start-worker-node.js";

setBinaryLocator(readBinary);
provideFileAccess(nodeFileAccess);
setModelLocator(locateModel);

/** Deno and Bun move a port that is closed all the same. */
const tellsOfPorts = !("Deno" in globalThis) && !("Bun" in globalThis);

// Not a constant, which minifiers would put into the `import()`: bundlers would look for a package that few programs have.
const gpuPackage = ["webgpu"].join();

setWorkerHost({
  concurrency: availableParallelism,
  gpu: () => import(/* webpackIgnore: true */ /* @vite-ignore */ gpuPackage) as Promise<{ create(): GPU }>,
  spawn: (data, from) => {
    const { port1, port2 } = new MessageChannel();
    let life = port1;
    life.unref();
    const { worker, address } = started(() => startWorker({ ...data, life: port2 }, port2, from), port1);
    const ready = new Promise<void>((resolve, reject) => {
      // Stays for good: an error that nobody listens for would end the process.
      worker.on("error", (error) => reject(isMissing(error) ? notStarted(address, "there is no such file") : error));
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
    // the other one without the event loop, and a port that is closed cannot be moved.
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
    return { ready, end, thread: worker, ...(tellsOfPorts && { alive }) };
  },
});

/** Where nothing takes the other end of a port, it is closed. */
function started<T>(start: () => T, port: MessagePort): T {
  try {
    return start();
  } catch (error) {
    port.close();
    throw error;
  }
}

/** Throws `UnsupportedError` where the file is missing: bundlers leave it behind. */
async function readBinary(variant: string): Promise<Uint8Array> {
  const file = beside(`wasm/lowrank-${variant}.wasm`);
  try {
    return await readFile(file);
  } catch (cause) {
    if (!isMissing(cause)) throw cause;
    const remedy = "copy the package's dist/wasm there (bundlers leave it behind), or pass init({ wasm })";
    throw new UnsupportedError(`init: there is no ${file}; ${remedy}`, { op: "init", file }, { cause });
  }
}

const isMissing = (error: unknown) =>
  ["ENOENT", "MODULE_NOT_FOUND", "ERR_MODULE_NOT_FOUND"].includes(String((error as NodeJS.ErrnoException).code));

export * from "../index.js";

export { cacheFolder, fetchModel, resolveModel, writeFilesAtomically } from "../io/node/index.js";
export type { DownloadProgress, LocalModel, ResolveOptions } from "../io/node/index.js";
