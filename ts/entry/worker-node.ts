import { once } from "node:events";
import { parentPort, workerData } from "node:worker_threads";
import { serve, type WorkerData } from "../engine/pool.js";

// A thread of the pool in Node: it serves kernels until the process ends. A worker that a caller's function started has its
// data by message.
const isGiven = (data: unknown): data is WorkerData => (data as WorkerData | null)?.module !== undefined;
const data = isGiven(workerData) ? workerData : ((await once(parentPort!, "message"))[0] as WorkerData);
// Held while the thread lives: by the closing of the port in there the caller notices its end.
Object.assign(parentPort!, { data });
await serve(data, () => parentPort!.postMessage("ready"));
