import { notStarted, setWorkerHost } from "../engine/pool.js";
import { setBinaryLocator } from "../engine/source.js";
import { ownAddress, type TrustedAddress } from "../engine/trusted-address.js";
import { workerFrom, type WorkerLike } from "../engine/worker-source.js";
import { beside, isMoved } from "./script-address.js";

// Bundlers copy a file only where they see its whole name beside `import.meta.url`.
const binaries: Record<string, () => URL> = {
  simd: () => new URL("./wasm/lowrank-simd.wasm", import.meta.url),
  relaxed: () => new URL("./wasm/lowrank-relaxed.wasm", import.meta.url),
  "simd-threads": () => new URL("./wasm/lowrank-simd-threads.wasm", import.meta.url),
  "relaxed-threads": () => new URL("./wasm/lowrank-relaxed-threads.wasm", import.meta.url),
};

setBinaryLocator((variant) => {
  const find = binaries[variant];
  return find && beside(`wasm/lowrank-${variant}.wasm`, find);
});

setWorkerHost({
  concurrency: () => navigator.hardwareConcurrency,
  spawn: (data, from) => {
    const { worker, address } = startWorker(from);
    const ready = new Promise<unknown>((resolve, reject) => {
      // Where a file is missing or forbidden, browsers tell no reason.
      worker.onerror = ({ message }) => reject(notStarted(address, message));
      worker.onmessage = resolve;
      worker.postMessage(data);
    });
    return { ready, end: () => worker.terminate(), thread: worker };
  },
});

function startWorker(from: URL | string | TrustedAddress | WorkerLike | undefined): {
  worker: Worker;
  address?: string;
} {
  if (typeof from === "object" && "terminate" in from) return { worker: from as Worker };
  if (from !== undefined) return { worker: workerFrom(from instanceof URL ? from.href : from), address: String(from) };
  const { href } = beside("worker-browser.js", () => new URL("./worker-browser.js", import.meta.url));
  return { worker: ownWorker() ?? workerFrom(ownAddress(href)), address: href };
}

/** A worker in the form that bundlers recognise; null where the script is none of a module, was moved, or came from elsewhere, and under Trusted Types. */
function ownWorker(): Worker | null {
  try {
    if (isMoved(import.meta.url)) return null;
    return new Worker(new URL("./worker-browser.js", import.meta.url), { type: "module" });
  } catch {
    return null;
  }
}

export * from "../index.js";
