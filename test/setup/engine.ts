import { init } from "../../ts/engine/engine.js";
import { type PoolWorker, setWorkerHost, type WorkerData } from "../../ts/engine/pool.js";
import { setBinaryLocator } from "../../ts/engine/source.js";
import "./equality.js";
import { projectFile, projectPath } from "./files.js";

/** Build under test, or "auto", and its threads: set by the vitest project. */
declare const __BUILD__: "simd" | "relaxed" | "auto";
declare const __THREADS__: number;

const nodeWorker = typeof window === "undefined" ? (await import("node:worker_threads")).Worker : undefined;

/** Starts a thread of the pool from the bundled worker: runtimes cannot load TypeScript into workers. */
function spawn(data: WorkerData): PoolWorker {
  if (nodeWorker !== undefined) {
    const worker = new nodeWorker(projectPath("dist/worker-node.js"), { workerData: data });
    const ready = new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
    return { ready: ready.then(() => worker.unref()), end: () => worker.terminate() };
  }
  const worker = new Worker(projectPath("dist/worker-browser.js"), { type: "module" });
  const ready = new Promise((resolve, reject) => {
    worker.onmessage = resolve;
    worker.onerror = reject;
    worker.postMessage(data);
  });
  return { ready, end: () => worker.terminate() };
}

setBinaryLocator((variant) => projectFile(`build/wasm/${variant}/lowrank_wasm_bg.wasm`));
setWorkerHost({ concurrency: () => __THREADS__, spawn });
const { threads } = await init({ build: __BUILD__, threads: __THREADS__ });
if (threads !== __THREADS__) throw new Error(`the tests want ${__THREADS__} threads; the engine started ${threads}`);
