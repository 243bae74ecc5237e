import { parentPort, workerData } from "node:worker_threads";
import { initSync } from "../../build/wasm/simd-threads/lowrank_wasm.js";
import type { WorkerData } from "../engine/pool.js";

// A thread of the pool in Node: it announces itself and then serves kernels until the process ends.
const kernels = initSync(workerData as WorkerData);
parentPort!.postMessage("ready");
kernels.worker_loop();
