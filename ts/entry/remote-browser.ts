import { pageRuntime } from "../worker/client/page-runtime.js";
import { setWorkerRuntime } from "../worker/client/runtime.js";

// Bundlers copy a file only where they see its whole name beside `import.meta.url`.
setWorkerRuntime(
  pageRuntime(
    () => ({
      worker: new Worker(new URL("./lowrank-worker.js", import.meta.url), { type: "module" }),
      address: new URL("./lowrank-worker.js", import.meta.url).href,
    }),
    () => ({
      simd: new URL("./wasm/lowrank-simd.wasm", import.meta.url).href,
      relaxed: new URL("./wasm/lowrank-relaxed.wasm", import.meta.url).href,
      "simd-threads": new URL("./wasm/lowrank-simd-threads.wasm", import.meta.url).href,
      "relaxed-threads": new URL("./wasm/lowrank-relaxed-threads.wasm", import.meta.url).href,
    }),
  ),
);

export * from "../worker/index.js";
