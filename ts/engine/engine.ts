import { ConfigError, UnsupportedError } from "../errors.js";
import { detectFeatures, type Features } from "./features.js";
import { Heap } from "./heap.js";
import { instantiate } from "./instantiate.js";
import type { Kernels } from "./kernels.js";
import { startWorkers, threadCount } from "./pool.js";
import { selfTest } from "./self-test.js";
import { type Build, compile, type WasmSource } from "./source.js";
import { type Tile, TileChoice } from "./tile.js";

/** Options of `init`. */
export interface InitOptions {
  /** Which binary: "relaxed" has fused multiply-add. Default "auto": the best that the runtime has and that passes the self-test. */
  build?: Build | "auto";
  /**
   * Threads that share the work, this one included. Default "auto": one a core. Where memory cannot be shared (pages that
   * are not cross-origin isolated, edge workers) there is one, whatever was asked for; `engineInfo().threads` tells.
   */
  threads?: number | "auto";
  /** The binary itself, or where it is; without threads. Default: the one shipped with the package. Needs `build` to say which it is. */
  wasm?: WasmSource;
  /**
   * Register tile of the matrix product. Default "auto": measured once the engine has compiled its fast code. Under V8's
   * revectorizer `{ rows: 4, columns: 16 }` is fastest.
   */
  tile?: Tile | "auto";
  /** Upper bound of linear memory in bytes. Default 2 GiB, at most 4 GiB. */
  maximumMemory?: number;
}

/** What runs, and what it uses. */
export interface EngineInfo {
  /** The binary that runs. */
  readonly build: Build;
  /** Threads that share the work, the calling one included. */
  readonly threads: number;
  /** Why there is one thread although more were asked for and shared memory is there; null otherwise. */
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

/** The running kernels and their memory; one a process or page. */
export interface Engine {
  readonly kernels: Kernels;
  readonly memory: WebAssembly.Memory;
  readonly heap: Heap;
  readonly build: Build;
  readonly threads: number;
  readonly threadsRefused: string | null;
  readonly tile: TileChoice;
  readonly features: Features;
}

const GIBIBYTE = 1024 ** 3;
/** What the builds with threads were linked with. */
const SHARED_MAXIMUM = 2 * GIBIBYTE;
/** More than any of these binaries asks for at first. */
const INITIAL_PAGES = 64;
let starting: Promise<Engine> | undefined;
let running: Engine | undefined;

/**
 * Loads the kernels: chooses a build by feature detection, fetches that one binary, checks it with a self-test and
 * measures, between the first steps, which register tile is fastest here. Later and concurrent calls share the first one's engine.
 *
 * Throws `UnsupportedError` where WebAssembly SIMD is missing or computes wrongly, `ConfigError` where a later call asks
 * for another build than the one that runs.
 */
export async function init(options: InitOptions = {}): Promise<EngineInfo> {
  starting ??= start(options).catch((error: unknown) => {
    starting = undefined;
    throw error;
  });
  running = await starting;
  const wanted = options.build ?? "auto";
  if (wanted !== "auto" && wanted !== running.build) {
    throw new ConfigError(
      `init: the "${running.build}" build is running already; "${wanted}" would need a new process or page`,
      {
        running: running.build,
        wanted,
      },
    );
  }
  return engineInfo();
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
  if (running === undefined) throw new ConfigError("the kernels are not loaded yet: call `await init()` first");
  return running;
}

async function start(options: InitOptions): Promise<Engine> {
  const maximum = options.maximumMemory ?? 2 * GIBIBYTE;
  if (!(maximum >= 16 * 1024 * 1024 && maximum <= 4 * GIBIBYTE)) {
    throw new ConfigError(`init: maximumMemory is ${maximum} bytes; 16 MiB to 4 GiB are possible`, {
      maximumMemory: maximum,
    });
  }
  if (options.wasm !== undefined && (options.build ?? "auto") === "auto") {
    throw new ConfigError('init: `wasm` needs `build: "simd"` or `build: "relaxed"` to say which binary it is');
  }
  const wanted = options.threads ?? "auto";
  if (wanted !== "auto" && !(Number.isSafeInteger(wanted) && wanted >= 1)) {
    throw new ConfigError(`init: threads is a whole number from 1 or "auto", got ${String(wanted)}`, {
      threads: wanted,
    });
  }
  const features = detectFeatures();
  const threads = features.threads && options.wasm === undefined ? threadCount(wanted) : 1;
  let failure: unknown;
  for (const build of candidates(options.build ?? "auto", features)) {
    try {
      const loaded = await loadBest(build, threads, options.wasm, maximum);
      return ready(build, features, loaded, options.tile ?? "auto");
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

/** Kernels with their memory, before they are checked. */
interface Loaded {
  readonly kernels: Kernels;
  readonly heap: Heap;
  readonly threads: number;
  readonly threadsRefused?: string;
}

/** With threads where they start; else with one, and the reason. */
async function loadBest(
  build: Build,
  threads: number,
  source: WasmSource | undefined,
  maximum: number,
): Promise<Loaded> {
  if (threads === 1) return load(build, source, maximum);
  try {
    return await loadShared(build, threads, maximum);
  } catch (error) {
    return { ...(await load(build, source, maximum)), threadsRefused: String(error) };
  }
}

async function load(build: Build, source: WasmSource | undefined, maximum: number): Promise<Loaded> {
  const kernels = await instantiate(await compile(build, source));
  return { kernels, heap: new Heap(kernels.memory, maximum), threads: 1 };
}

/** What only the builds with threads export. */
type SharedKernels = Kernels & { set_threads(threads: number, maySleep: boolean): void };

/** The build with threads, on shared memory, with its workers running. */
async function loadShared(build: Build, threads: number, maximum: number): Promise<Loaded> {
  const module = await compile(`${build}-threads`);
  const most = Math.min(maximum, SHARED_MAXIMUM);
  const memory = sharedMemory(most);
  const kernels = await instantiate(module, memory);
  await startWorkers(threads - 1, { module, memory });
  (kernels as SharedKernels).set_threads(threads, callerMayBlock());
  return { kernels, heap: new Heap(memory, most), threads };
}

/** A page's main thread must not block; workers and Node may. */
function callerMayBlock(): boolean {
  return typeof document === "undefined";
}

/** Shared memory reserves its maximum as addresses; where a system refuses, less is asked for. */
function sharedMemory(maximum: number): WebAssembly.Memory {
  for (let bytes = maximum; ; bytes /= 2) {
    try {
      return new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum: Math.floor(bytes / 65_536), shared: true });
    } catch (error) {
      if (bytes <= GIBIBYTE / 8) throw error;
    }
  }
}

function candidates(wanted: Build | "auto", features: Features): Build[] {
  if (!features.simd) {
    throw new UnsupportedError(
      "init: this runtime has no WebAssembly SIMD, which the kernels are made of; use a newer one",
    );
  }
  if (wanted === "relaxed" && !features.relaxedSimd) {
    throw new UnsupportedError(
      'init: this runtime has no relaxed SIMD; use build "simd" or "auto" (Node 20 has it behind --experimental-wasm-relaxed-simd)',
    );
  }
  if (wanted !== "auto") return [wanted];
  return features.relaxedSimd ? ["relaxed", "simd"] : ["simd"];
}

/** Hands the kernels their scratch and tile, and checks the results. */
function ready(build: Build, features: Features, loaded: Loaded, wantedTile: Tile | "auto"): Engine {
  const { kernels, heap, threads, threadsRefused = null } = loaded;
  const workspace = kernels.workspace_len(threads);
  kernels.set_workspace(heap.allocate(4 * workspace), workspace);
  const tile = new TileChoice(kernels, heap, wantedTile);
  selfTest(build, kernels, heap);
  return { kernels, memory: heap.memory, heap, build, threads, threadsRefused, tile, features };
}
