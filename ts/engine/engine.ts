import { ConfigError } from "../errors/errors.js";
import { checkEngineOptions, type InitOptions, type Wanted } from "./options.js";
import { MOST_THREADS, ONE_CORE } from "./pool.js";
import type { Engine, EngineInfo } from "./running.js";
import { start } from "./start.js";

/** The engine of whoever names none, and the start of it that is on its way. */
let starting: Promise<Engine> | undefined;
let byDefault: Engine | undefined;

/**
 * Loads the kernels: chooses a build by feature detection, fetches that one binary, checks it with a self-test and
 * measures, between the first steps, which register tile is fastest here. Gives an engine of its own at each call, with
 * memory and threads of its own, until it is closed. What fails leaves nothing behind.
 *
 * Throws `UnsupportedError` where WebAssembly SIMD is missing or computes wrongly, `ConfigError` for options that make no
 * sense.
 */
export async function createEngine(options: InitOptions = {}): Promise<Engine> {
  return start(checkEngineOptions("createEngine", options));
}

/**
 * Makes the engine that graphs use where they are given no other, as `createEngine` does. Later and concurrent calls share
 * the first one's; once that is closed, or where its start failed, a call starts anew.
 *
 * Throws as `createEngine`, and `ConfigError` where a later call asks for another build, thread number, tile or bound of
 * memory than what runs, or for threads from another `worker` where none started from the first one's. Otherwise `wasm` and
 * `worker` are not looked at again: binary and threads are there already.
 */
export async function init(options: InitOptions = {}): Promise<EngineInfo> {
  return (await initialized(options)).info;
}

/** `init`, giving the engine itself: for work that goes on with it whatever becomes the default engine meanwhile. */
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
      // Its failure is the other call's; this one then tries with its own options.
      await starting.catch(() => undefined);
    }
  }
  const found = engine();
  join(found, wanted);
  return found;
}

let remedy = "see `createEngine`";

/** What to do about options of another engine, where that is not `createEngine`. */
export function adviseOtherEngine(text: string): void {
  remedy = text;
}

/** Holds what a call asked for, "auto" aside, against what runs. Throws `ConfigError`, having changed nothing. */
function join({ running }: Engine, wanted: Wanted): void {
  const { build, threads, threadsRefused, tile, maximumMemory, failed } = running;
  const other: string[] = [];
  const [asks, runs] = [{}, {}] as Record<string, unknown>[];
  const hold = (name: keyof Wanted, has: unknown, same: boolean) => {
    const { [name]: wants = "auto" } = wanted;
    if (wants === "auto" || same) return;
    other.push(`${name} ${JSON.stringify(wants)}, not ${JSON.stringify(has)}`);
    [asks![name], runs![name]] = [wants, has];
  };
  const asked = wanted.threads === "auto" ? threads : Math.min(wanted.threads, MOST_THREADS);
  hold("build", build, wanted.build === build);
  // By its text: a function that stands in a call is another one at each.
  const elsewhere = failed !== null && wanted.worker !== undefined && String(wanted.worker) !== String(failed.worker);
  // More threads would have been refused then, too, but perhaps not from another file.
  const refused = threadsRefused !== null && threadsRefused !== ONE_CORE && !elsewhere;
  hold("threads", threads, asked === threads || (refused && asked > threads));
  hold("tile", tile.current, wanted.tile !== "auto" && tile.allows(wanted.tile));
  hold("maximumMemory", maximumMemory, wanted.maximumMemory === maximumMemory);
  if (other.length > 0) {
    throw new ConfigError(
      `init: the kernels are running already; ${other.join("; ")} need their own engine, ${remedy}`,
      { op: "init", expected: runs, value: asks },
    );
  }
  if (wanted.tile !== "auto") tile.keep(wanted.tile);
}

/** The build, threads, tile and memory of the default engine. Throws `ConfigError` before `init`. */
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
