import { ownAddress } from "../engine/trusted-address.js";
import { workerFrom } from "../engine/worker-from.js";
import { pageRuntime } from "../worker/client/page-runtime.js";
import { setWorkerRuntime } from "../worker/client/runtime.js";
import { beside } from "./script-address.js";

// Bundlers copy a file only where they see its whole name beside `import.meta.url`.
setWorkerRuntime(
  pageRuntime(
    () => {
      // As a file, which needs no other: where bundlers see a worker they make a script of it besides, as large again.
      const { href } = beside("lowrank-worker.js", () => new URL("./lowrank-worker.js", import.meta.url));
      return { worker: workerFrom(ownAddress(href), "module"), address: href };
    },
    () => ({
      simd: beside("wasm/lowrank-simd.wasm", () => new URL("./wasm/lowrank-simd.wasm", import.meta.url)).href,
      relaxed: beside("wasm/lowrank-relaxed.wasm", () => new URL("./wasm/lowrank-relaxed.wasm", import.meta.url)).href,
      "simd-threads": beside(
        "wasm/lowrank-simd-threads.wasm",
        () => new URL("./wasm/lowrank-simd-threads.wasm", import.meta.url),
      ).href,
      "relaxed-threads": beside(
        "wasm/lowrank-relaxed-threads.wasm",
        () => new URL("./wasm/lowrank-relaxed-threads.wasm", import.meta.url),
      ).href,
    }),
  ),
);

export * from "../worker/index.js";
