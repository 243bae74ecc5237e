import { serve as serveKernels, setWorkerHost, type WorkerData } from "../engine/pool.js";
import { setBinaryLocator } from "../engine/source.js";
import { newWorker, ownAddress } from "../engine/trusted-address.js";
import { addressSource } from "../io/address-source.js";
import { setModelLocator } from "../io/model-locator.js";
import { setPageAddress } from "../io/page/page-address.js";
import type { Channel } from "../worker/protocol/channel.js";
import { type Hello, isHello } from "../worker/protocol/messages.js";
import { onDemand } from "../worker/server/families/on-demand.js";
import type { Family } from "../worker/server/families/family.js";
import { serve } from "../worker/server/serve.js";
import { findScripts } from "./worker-scripts.js";

// The file that a page's worker runs, and again each thread of the pool that this worker has: a script without imports, as a module and as
// a classic script, which fetches others when calls need them. The first message says which of the two it is.

/** What a dedicated worker has. */
interface WorkerScope extends EventTarget {
  readonly location: Location;
  postMessage(message: unknown, transfer?: Transferable[]): void;
  importScripts?(): void;
}
const scope = globalThis as unknown as WorkerScope;

const channel: Channel = {
  post: (message, transfer) => scope.postMessage(message, [...transfer]),
  listen: (hear) => scope.addEventListener("message", (event) => hear((event as MessageEvent<unknown>).data)),
};

scope.addEventListener("message", function greeted(event) {
  const { data } = event as MessageEvent<unknown>;
  const isThread = typeof data === "object" && data !== null && "module" in data;
  if (!isThread && !isHello(data)) return;
  scope.removeEventListener("message", greeted);
  if (!isThread) return serve(channel, data, setUp, { ...onDemand, jobs: () => jobsOf(data) });
  const ready = () => scope.postMessage("ready");
  serveKernels(data as WorkerData, ready).catch((error: unknown) => reportError(error));
});

/** Threads of the same file, run as this one is. */
function ownType(): WorkerType {
  try {
    scope.importScripts?.();
    return "classic";
  } catch {
    return "module";
  }
}

/** An address of the page's. */
const absolute = (address: string, base: string | null) => (base === null ? address : new URL(address, base).href);

/** Runs, whose data may be at addresses of the page's. */
async function jobsOf({ base }: Hello): Promise<Family> {
  const { jobs, provideJobSources, addresses } = await import("../worker/server/families/jobs.js");
  provideJobSources({
    ...addresses,
    readData: async (name, options) => ({ ...(await addresses.readData(absolute(name, base), options)), name }),
  });
  return jobs;
}

function setUp(hello: Hello): Promise<boolean> | void {
  const { files, base, life } = hello;
  findScripts(hello, scope.location.href);
  setBinaryLocator((variant) => files?.[variant]);
  if (base !== null) setPageAddress(base);
  setModelLocator((name, watcher) => addressSource(absolute(name, base), watcher, name));
  if (typeof Worker !== "undefined") {
    const type = ownType();
    setWorkerHost({
      concurrency: () => navigator.hardwareConcurrency,
      spawn: (data) => {
        const worker = newWorker(ownAddress(scope.location.href), { type });
        const ready = new Promise<unknown>((resolve, reject) => {
          worker.onerror = (event) => reject(new Error(`a worker of the pool failed: ${event.message}`));
          worker.onmessage = resolve;
          worker.postMessage(data);
        });
        return { ready, end: () => worker.terminate(), thread: worker };
      },
    });
  }
  if (life === null) return;
  // Held for as long as this worker lives: whoever asks for it next hears of its end.
  return new Promise((held) => {
    const hold = () => (held(true), new Promise<void>(() => undefined));
    navigator.locks.request(life, hold).catch(() => held(false));
  });
}
