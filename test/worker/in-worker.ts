import { pageRuntime } from "../../ts/worker/client/page-runtime.js";
import { setWorkerRuntime, workerRuntime } from "../../ts/worker/client/runtime.js";
import { type LowrankWorker, startWorker, type WorkerOptions } from "../../ts/worker/index.js";
import { projectPath } from "../setup/files.js";

/** Build under test and its threads: set by the vitest project. */
declare const __BUILD__: "simd" | "relaxed" | "auto";
declare const __THREADS__: number;

/** Whether these tests run in a page. */
export const inPage = typeof window !== "undefined";

/** The file of the built package that a worker runs here. */
export const workerFile = projectPath(inPage ? "dist/lowrank-worker.js" : "dist/lowrank-worker-node.js");

if (inPage) {
  const variants = ["simd", "relaxed", "simd-threads", "relaxed-threads"];
  const place = (variant: string) => new URL(projectPath(`dist/wasm/lowrank-${variant}.wasm`), location.href).href;
  setWorkerRuntime(
    pageRuntime(
      () => ({ worker: new Worker(workerFile), address: workerFile }),
      () => Object.fromEntries(variants.map((variant) => [variant, place(variant)])),
    ),
  );
} else {
  await import("../../ts/entry/remote-node.js");
  const found = workerRuntime("tests");
  setWorkerRuntime({ ...found, start: ({ url, type }) => found.start({ url: url ?? workerFile, type }) });
}

/** A worker with the build under test, and as many threads. */
export const start = (options: WorkerOptions = {}): Promise<LowrankWorker> =>
  startWorker({ url: workerFile, build: __BUILD__ as "simd", threads: __THREADS__, ...options });
