import { ConfigError } from "../errors/errors.js";
import { lazyChunk } from "../waiting/lazy-chunk.js";
import { checkEngineOptions, type InitOptions } from "./options.js";
import type { Engine, EngineInfo } from "./running.js";
import { start } from "./start.js";

/** The default engine, and its start while that is running. */
let starting: Promise<Engine> | undefined;
let byDefault: Engine | undefined;

/**
 * Starts an engine: chooses a build by feature detection, fetches that binary and runs a self-test; the fastest register tile is measured
 * between the first steps. Each call returns a new engine with its own memory and threads, until `close`. On an error everything is freed.
 *
 * Throws `UnsupportedError` if WebAssembly SIMD is missing or computes wrong results, `ConfigError` for invalid options.
 */
export async function createEngine(options: InitOptions = {}): Promise<Engine> {
  return start(checkEngineOptions("createEngine", options));
}

/**
 * Starts the default engine, as `createEngine` does; graphs use it if no other engine is given. Later and concurrent calls share it. After
 * it was closed, or its start failed, a call starts a new one.
 *
 * Throws as `createEngine`, and `ConfigError` if a later call asks for another build, number of threads, tile or maximum of memory than the
 * running engine's, or for threads from another `worker` when the first one's did not start. Otherwise later calls ignore `wasm` and
 * `worker`.
 */
export async function init(options: InitOptions = {}): Promise<EngineInfo> {
  return (await initialized(options)).info;
}

/** `init`, returning the engine itself: for work that keeps using it even if the default engine changes. */
export async function initialized(options: InitOptions): Promise<Engine> {
  const wanted = checkEngineOptions("init", options);
  while (running() === undefined) {
    if (starting === undefined) {
      starting = start(wanted);
      try {
        return (byDefault = await starting);
      } finally {
        starting = undefined;
      }
    } else {
      // The other call reports its failure; this one tries again with its own options.
      await starting.catch(() => undefined);
    }
  }
  const { wasm: _wasm, worker: _worker, ...asked } = wanted;
  if (Object.values(asked).every((option) => option === undefined || option === "auto")) return engine();
  const join = await joining();
  const found = engine();
  join(found, wanted, remedy);
  return found;
}

let remedy: string | undefined;

/** What to do to get an engine with other options, if that is not `createEngine`. */
export function adviseOtherEngine(text: string): void {
  remedy = text;
}

/** Compares a later call's options with the running engine: fetched if it has any. */
export const joining = /* @__PURE__ */ lazyChunk(async () => (await import("./join.js")).join);

/** Build, threads, tile and memory of the default engine. Throws `ConfigError` before `init`. */
export function engineInfo(): EngineInfo {
  return engine().info;
}

/** The default engine. */
export function engine(): Engine {
  const found = running();
  if (found === undefined)
    throw new ConfigError("the kernels are not loaded yet: call `await init()` first", { reason: "not started" });
  return found;
}

function running(): Engine | undefined {
  return byDefault?.closed === false ? byDefault : undefined;
}
