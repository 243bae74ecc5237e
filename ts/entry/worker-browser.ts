import { initSync } from "../../build/wasm/simd-threads/lowrank_wasm.js";
import type { WorkerData } from "../engine/pool.js";

// A thread of the pool in a page: it announces itself and then serves kernels until the page goes.
self.onmessage = ({ data }: MessageEvent<WorkerData>) => {
  const kernels = initSync(data);
  self.postMessage("ready");
  kernels.worker_loop();
};
