import { parentPort, workerData } from "node:worker_threads";
import { serve, type WorkerData } from "../engine/pool.js";

// A thread of the pool in Node: it serves kernels until the process ends.
await serve(workerData as WorkerData, () => parentPort!.postMessage("ready"));
