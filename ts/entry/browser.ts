import { setWorkerHost } from "../engine/pool.js";
import { setBinaryLocator } from "../engine/source.js";

// Bundlers copy a file only where they see its whole name beside `import.meta.url`.
const binaries: Record<string, () => URL> = {
  simd: () => new URL("./wasm/lowrank-simd.wasm", import.meta.url),
  relaxed: () => new URL("./wasm/lowrank-relaxed.wasm", import.meta.url),
  "simd-threads": () => new URL("./wasm/lowrank-simd-threads.wasm", import.meta.url),
  "relaxed-threads": () => new URL("./wasm/lowrank-relaxed-threads.wasm", import.meta.url),
};

setBinaryLocator((variant) => binaries[variant]?.());

setWorkerHost({
  concurrency: () => navigator.hardwareConcurrency,
  spawn: (data) => {
    const worker = new Worker(new URL("./worker-browser.js", import.meta.url), { type: "module" });
    const ready = new Promise<unknown>((resolve, reject) => {
      worker.onerror = (event) => reject(new Error(`a worker of the pool failed: ${event.message}`));
      worker.onmessage = resolve;
      worker.postMessage(data);
    });
    return { ready, end: () => worker.terminate(), thread: worker };
  },
});

export * from "../index.js";
