import { serve as serveKernels, setWorkerHost, type WorkerData } from "../engine/pool.js";
import { setBinaryLocator } from "../engine/source.js";
import { newWorker, ownAddress } from "../engine/trusted-address.js";
import { addressSource, setPageAddress } from "../io/address-source.js";
import { setModelLocator } from "../io/model-locator.js";
import { type Channel, type Hello, isHello } from "../worker/protocol/messages.js";
import { onDemand } from "../worker/server/families/on-demand.js";
import type { Family } from "../worker/server/families/family.js";
import { serve } from "../worker/server/serve.js";
import { UnsupportedError } from "../errors/errors.js";
import { clip } from "../errors/excerpt.js";

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

/** What `scripts/bundle/script-runner.js` asks for; missing where a bundler made one script of all. */
interface ScriptRunner {
  /** Where a script may be, in the order of trying. */
  addresses: (name: string) => readonly string[];
  /** The error where it is at none of them. */
  missing: (name: string, failures: readonly unknown[]) => Error;
}

/** Says where the worker's scripts are: beside the file at the address that the caller gave, where the page's bundler put them, or beside this file. */
function findScripts({ files, url, base }: Pick<Hello, "files" | "url" | "base">, own: string): void {
  const runner = (globalThis as { lowrankScript?: ScriptRunner }).lowrankScript;
  if (runner === undefined) return;
  const addresses = (name: string) => {
    const beside = (file: string) => new URL(`worker/${name}.js`, file).href;
    const places = [
      () => url !== null && beside(new URL(url, base ?? undefined).href),
      () => files?.[name],
      () => beside(own),
    ];
    return [...new Set(places.flatMap((place) => foundAt(place)))];
  };
  runner.addresses = addresses;
  runner.missing = (name, failures) => {
    const advice =
      "copy the folder lowrank/dist/worker of the same version there; if it is, see whether the network or a " +
      "Content-Security-Policy (script-src) stops it, and call again";
    const tried = addresses(name)
      .map((address) => clip(address, 200))
      .join(", ");
    const message = `the worker's script ${name}.js could not be run from ${tried}: ${advice}`;
    return new UnsupportedError(message, { op: "a worker", missing: `worker/${name}.js` }, { cause: failures[0] });
  };
}

/** An address, unless there is none: a blob's has nothing beside it. */
function foundAt(place: () => string | false | undefined): string[] {
  try {
    return [place() || []].flat();
  } catch {
    return [];
  }
}
