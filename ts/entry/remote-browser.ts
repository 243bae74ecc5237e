import { ownAddress } from "../engine/trusted-address.js";
import { workerFrom } from "../engine/worker-source.js";
import { pageRuntime } from "../worker/client/page-runtime.js";
import { setWorkerRuntime } from "../worker/client/runtime.js";
import { beside } from "./script-address.js";

/** Address of one of the worker's scripts, by name. */
const script = (name: string, find: () => URL) => ({ [name]: beside(`worker/${name}.js`, find).href });

// Bundlers copy a file only where they see its whole name beside `import.meta.url`.
setWorkerRuntime(
  pageRuntime(
    () => {
      // As files: where bundlers see a worker they make a script of it besides, as large again.
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
      ...script("encoders", () => new URL("./worker/encoders.js", import.meta.url)),
      ...script("extra", () => new URL("./worker/extra.js", import.meta.url)),
      ...script("gguf", () => new URL("./worker/gguf.js", import.meta.url)),
      ...script("jobs", () => new URL("./worker/jobs.js", import.meta.url)),
      ...script("language", () => new URL("./worker/language.js", import.meta.url)),
      ...script("language-run", () => new URL("./worker/language-run.js", import.meta.url)),
      ...script("models", () => new URL("./worker/models.js", import.meta.url)),
      ...script("pairs-run", () => new URL("./worker/pairs-run.js", import.meta.url)),
      ...script("runs", () => new URL("./worker/runs.js", import.meta.url)),
      ...script("sentence", () => new URL("./worker/sentence.js", import.meta.url)),
      ...script("storage", () => new URL("./worker/storage.js", import.meta.url)),
      ...script("tables", () => new URL("./worker/tables.js", import.meta.url)),
      ...script("tasks", () => new URL("./worker/tasks.js", import.meta.url)),
      ...script("webgpu", () => new URL("./worker/webgpu.js", import.meta.url)),
    }),
  ),
);

export * from "../worker/index.js";
