import type { InitOptions } from "../../engine/options.js";
import type { TrustedAddress } from "../../engine/trusted-address.js";
import { kindOf } from "../../errors/excerpt.js";
import { checkOptions } from "../../arguments/options.js";
import { aboveZero, object, oneOf, unexpected } from "../../arguments/settings.js";

/** Options of `startWorker`: its file, its engine as in `init`, and time limits. */
export interface WorkerOptions extends Omit<InitOptions, "worker"> {
  /**
   * URL of the package's file `lowrank-worker.js`, if a bundler or server moved it; default: found by the package. Under Trusted Types a
   * `TrustedScriptURL`.
   */
  readonly url?: string | URL | TrustedAddress;
  /** Type of the worker script, which works as both. Default: "module" for the package's own file, else "classic". */
  readonly type?: "classic" | "module";
  /** A worker of that file that you have started, instead of `url`. */
  readonly worker?: object;
  /** Milliseconds until the worker's file must be running; default 30,000, Infinity for no limit. */
  readonly startLimit?: number;
  /** Milliseconds for an aborted call to end before the worker is terminated with all its objects; default 10,000, Infinity for no limit. */
  readonly abortLimit?: number;
}

const WORKER = "a Worker that runs lowrank-worker.js";
const START_LIMIT = 30_000;
/** A step of a large batch may take seconds on a slow machine, and cannot be interrupted. */
const ABORT_LIMIT = 10_000;
const OWN = ["url", "type", "worker", "startLimit", "abortLimit"] as const;
const ENGINE: readonly (keyof InitOptions)[] = ["build", "threads", "wasm", "tile", "maximumMemory"];

/** A checked copy; the worker checks the engine's options. */
export function takeWorkerOptions(what: string, options: WorkerOptions) {
  checkOptions(what, options, [...OWN, ...ENGINE]);
  const { url, worker, startLimit = START_LIMIT, abortLimit = ABORT_LIMIT } = options;
  const isTrusted = kindOf(url) === "TrustedScriptURL";
  if (url !== undefined && (typeof url !== "string" || url === "") && !(url instanceof URL) && !isTrusted)
    throw unexpected(what, "url", "the address of lowrank-worker.js", url);
  if (worker !== undefined) {
    const { postMessage, terminate } = object(what, "worker", worker, WORKER) as Partial<Worker>;
    if (typeof postMessage !== "function" || typeof terminate !== "function")
      throw unexpected(what, "worker", WORKER, worker);
  }
  if (worker !== undefined && url !== undefined) throw unexpected(what, "url", "left out where `worker` is given", url);
  const { type = url === undefined ? "module" : "classic" } = options;
  oneOf(what, "type", type, ["classic", "module"]);
  aboveZero(what, "startLimit", startLimit);
  aboveZero(what, "abortLimit", abortLimit);
  const engine = Object.fromEntries(
    ENGINE.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])),
  );
  const { wasm } = engine;
  if (wasm instanceof URL) engine["wasm"] = String(wasm);
  return {
    place: { url: url === undefined ? null : isTrusted ? url : String(url), type },
    worker,
    startLimit,
    abortLimit,
    engine: engine as InitOptions,
  };
}
