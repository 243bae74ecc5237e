import { init } from "../../ts/engine/engine.js";
import { setWorkerHost, type WorkerData } from "../../ts/engine/pool.js";
import { setBinaryLocator } from "../../ts/engine/source.js";
import { projectFile, projectPath } from "./files.js";

/** Build under test, or "auto", and its threads: set by the vitest project. */
declare const __BUILD__: "simd" | "relaxed" | "auto";
declare const __THREADS__: number;

/** Starts a thread of the pool from the bundled worker: runtimes cannot load TypeScript into workers. */
async function spawn(data: WorkerData): Promise<void> {
  if (typeof window === "undefined") {
    const { Worker } = await import("node:worker_threads");
    const worker = new Worker(projectPath("dist/worker-node.js"), { workerData: data });
    await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
    worker.unref();
  } else {
    const worker = new Worker(projectPath("dist/worker-browser.js"), { type: "module" });
    await new Promise((resolve, reject) => {
      worker.onmessage = resolve;
      worker.onerror = reject;
      worker.postMessage(data);
    });
  }
}

setBinaryLocator((variant) => projectFile(`build/wasm/${variant}/lowrank_wasm_bg.wasm`));
setWorkerHost({ concurrency: () => __THREADS__, spawn });
const { threads } = await init({ build: __BUILD__, threads: __THREADS__ });
if (threads !== __THREADS__) throw new Error(`the tests want ${__THREADS__} threads; the engine started ${threads}`);
