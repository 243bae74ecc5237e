import { ConfigError } from "../errors/errors.js";
import { checkEngineOptions, type InitOptions, type Wanted } from "./options.js";
import { MOST_THREADS, ONE_CORE } from "./pool.js";
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
        byDefault = await starting;
      } finally {
        starting = undefined;
      }
    } else {
      // The other call reports its failure; this one tries again with its own options.
      await starting.catch(() => undefined);
    }
  }
  const found = engine();
  join(found, wanted);
  return found;
}

let remedy = "call `createEngine`";

/** What to do to get an engine with other options, if that is not `createEngine`. */
export function adviseOtherEngine(text: string): void {
  remedy = text;
}

/** Compares a call's options, except "auto", with the running engine. Throws `ConfigError`. */
function join({ running }: Engine, wanted: Wanted): void {
  const { build, threads, threadsRefused, tile, maximumMemory, failed } = running;
  const [has, wants]: [string[], string[]] = [[], []];
  const [asks, runs] = [{}, {}] as Record<string, unknown>[];
  const hold = (name: keyof Wanted, own: unknown, same: boolean) => {
    const { [name]: asked = "auto" } = wanted;
    if (asked === "auto" || same) return;
    has.push(`${name} ${JSON.stringify(own)}`);
    wants.push(`${name} ${JSON.stringify(asked)}`);
    [asks![name], runs![name]] = [asked, own];
  };
  const asked = wanted.threads === "auto" ? threads : Math.min(wanted.threads, MOST_THREADS);
  hold("build", build, wanted.build === build);
  // By its source text: a function literal in a call is a new object each time.
  const elsewhere = failed !== null && wanted.worker !== undefined && String(wanted.worker) !== String(failed.worker);
  // More threads would have been refused at the start too, but perhaps not from another file.
  const refused = threadsRefused !== null && threadsRefused !== ONE_CORE && !elsewhere;
  hold("threads", threads, asked === threads || (refused && asked > threads));
  hold("tile", tile.current, wanted.tile !== "auto" && tile.allows(wanted.tile));
  hold("maximumMemory", maximumMemory, wanted.maximumMemory === maximumMemory);
  if (wants.length > 0) {
    throw new ConfigError(`init: the engine already runs with ${has.join(", ")}; for ${wants.join(", ")}, ${remedy}`, {
      op: "init",
      expected: runs,
      value: asks,
    });
  }
  if (wanted.tile !== "auto") tile.keep(wanted.tile);
}

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
