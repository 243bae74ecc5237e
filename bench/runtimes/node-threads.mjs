import { resolveObjectURL } from "node:buffer";
import { Worker } from "node:worker_threads";

/**
 * Lets jax-js find threads in Node: it starts them with the browser's `Worker` on blob addresses, and counts
 * `navigator.hardwareConcurrency`.
 */
export function provideBrowserThreads(threads) {
  const navigator = { ...globalThis.navigator, hardwareConcurrency: threads };
  Object.defineProperty(globalThis, "navigator", { value: navigator, configurable: true });
  globalThis.Worker = BlobWorker;
}

const prelude = `const { parentPort } = require("node:worker_threads");
globalThis.self = globalThis;
globalThis.postMessage = (message) => parentPort.postMessage(message);
parentPort.on("message", (data) => self.onmessage({ data }));
`;

/** As much of the browser's `Worker` as a blob of script needs; messages wait until it runs. */
class BlobWorker {
  onmessage = null;
  onerror = null;
  #worker = null;
  #waiting = [];

  constructor(url) {
    void resolveObjectURL(String(url))
      .text()
      .then((source) => {
        this.#worker = new Worker(prelude + source, { eval: true });
        this.#worker.on("message", (data) => this.onmessage?.({ data }));
        this.#worker.on("error", (error) => this.onerror?.({ message: String(error) }));
        for (const message of this.#waiting) this.#worker.postMessage(message);
      });
  }

  postMessage(message) {
    if (this.#worker === null) this.#waiting.push(message);
    else this.#worker.postMessage(message);
  }
}
