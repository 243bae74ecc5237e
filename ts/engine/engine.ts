import { ConfigError } from "../errors/errors.js";
import type { Features } from "./features.js";
import { checkInitOptions, type InitOptions, type Wanted } from "./options.js";
import { MOST_THREADS } from "./pool.js";
import type { Build } from "./source.js";
import { type Engine, start } from "./start.js";
import type { Tile } from "./tile.js";

export type { Engine } from "./start.js";

/** What runs, and what it uses. */
export interface EngineInfo {
  /** The binary that runs. */
  readonly build: Build;
  /** Threads that share the work, the calling one included. */
  readonly threads: number;
  /** Why there are fewer threads than were asked for, or than "auto" takes where nothing is in its way; null where there are not. */
  readonly threadsRefused: string | null;
  /** Register tile of the matrix product, rows × columns. */
  readonly tile: Tile;
  /** What the runtime has, used or not. */
  readonly features: Features;
  /** Bytes: in use now, most ever in use, size of linear memory, its upper bound. */
  readonly memory: {
    readonly used: number;
    readonly peak: number;
    readonly reserved: number;
    readonly maximum: number;
  };
}

let starting: Promise<Engine> | undefined;
let running: Engine | undefined;

/**
 * Loads the kernels: chooses a build by feature detection, fetches that one binary, checks it with a self-test and
 * measures, between the first steps, which register tile is fastest here. Later and concurrent calls share the first one's
 * engine; a start that fails leaves nothing behind, and a later call starts anew.
 *
 * Throws `UnsupportedError` where WebAssembly SIMD is missing or computes wrongly, `ConfigError` for options that make no
 * sense and where a later call asks for another build, thread number, tile or bound of memory than what runs.
 */
export async function init(options: InitOptions = {}): Promise<EngineInfo> {
  const wanted = checkInitOptions(options);
  while (running === undefined) {
    if (starting === undefined) {
      starting = start(wanted);
      try {
        running = await starting;
      } finally {
        starting = undefined;
      }
    } else {
      // Its failure is the other call's; this one then tries with its own options.
      await starting.catch(() => undefined);
    }
  }
  join(running, wanted);
  return engineInfo();
}

/** Holds what a call asked for, "auto" aside, against what runs. Throws `ConfigError`, having changed nothing. */
function join({ build, threads, threadsRefused, tile, maximumMemory }: Engine, wanted: Wanted): void {
  const other: string[] = [];
  const hold = (name: keyof Wanted, has: unknown, same: boolean) => {
    const { [name]: wants = "auto" } = wanted;
    if (wants !== "auto" && !same) other.push(`${name} ${JSON.stringify(wants)}, not ${JSON.stringify(has)}`);
  };
  const asked = wanted.threads === "auto" ? threads : Math.min(wanted.threads, MOST_THREADS);
  hold("build", build, wanted.build === build);
  // More threads would have been refused then, too.
  hold("threads", threads, asked === threads || (threadsRefused !== null && asked > threads));
  hold("tile", tile.current, wanted.tile !== "auto" && tile.allows(wanted.tile));
  hold("maximumMemory", maximumMemory, wanted.maximumMemory === maximumMemory);
  if (other.length > 0) {
    throw new ConfigError(`init: the kernels are running already; ${other.join("; ")} needs a new process`);
  }
  if (wanted.tile !== "auto") tile.keep(wanted.tile);
}

/** The build, threads, tile and memory of the running engine. Throws `ConfigError` before `init`. */
export function engineInfo(): EngineInfo {
  const { build, threads, threadsRefused, tile, features, heap } = engine();
  return {
    build,
    threads,
    threadsRefused,
    tile: tile.current,
    features,
    memory: { used: heap.used, peak: heap.peak, reserved: heap.reserved, maximum: heap.maximum },
  };
}

/** The running engine. */
export function engine(): Engine {
  if (running === undefined) throw new ConfigError("call `await init()` first");
  return running;
}
