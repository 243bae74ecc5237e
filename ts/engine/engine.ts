import { initSync } from "../../build/wasm/simd/lowrank_wasm.js";
import { ConfigError, UnsupportedError } from "../errors.js";
import { detectFeatures, type Features } from "./features.js";
import { Heap } from "./heap.js";
import type { Kernels } from "./kernels.js";
import { selfTest } from "./self-test.js";
import { type Build, compile, type WasmSource } from "./source.js";
import { chooseTile, type Tile } from "./tile.js";

/** Options of `init`. */
export interface InitOptions {
  /** Which binary: "relaxed" has fused multiply-add. Default "auto": the best that the runtime has and that passes the self-test. */
  build?: Build | "auto";
  /** Threads that share the work, this one included. Default "auto". */
  threads?: number | "auto";
  /** The binary itself, or where it is. Default: the one shipped with the package. Needs `build` to say which it is. */
  wasm?: WasmSource;
  /** Upper bound of linear memory in bytes. Default 2 GiB, at most 4 GiB. */
  maximumMemory?: number;
}

/** What runs, and what it uses. */
export interface EngineInfo {
  readonly build: Build;
  readonly threads: number;
  /** Register tile of the matrix product, rows × columns. */
  readonly tile: Tile;
  readonly features: Features;
  /** Bytes: in use now, most ever in use, size of linear memory, its upper bound. */
  readonly memory: { readonly used: number; readonly peak: number; readonly reserved: number; readonly maximum: number };
}

/** The running kernels and their memory; one a process or page. */
export interface Engine {
  readonly kernels: Kernels;
  readonly memory: WebAssembly.Memory;
  readonly heap: Heap;
  readonly build: Build;
  readonly threads: number;
  readonly tile: Tile;
  readonly features: Features;
}

const GIBIBYTE = 1024 ** 3;
let starting: Promise<Engine> | undefined;
let running: Engine | undefined;

/**
 * Loads the kernels: chooses a build by feature detection, fetches that one binary, checks it with a self-test and
 * measures which register tile is fastest here. Later and concurrent calls share the first one's engine.
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
    throw new ConfigError(`init: the "${running.build}" build is running already; "${wanted}" would need a new process or page`, {
      running: running.build,
      wanted,
    });
  }
  return engineInfo();
}

/** The build, threads, tile and memory of the running engine. Throws `ConfigError` before `init`. */
export function engineInfo(): EngineInfo {
  const { build, threads, tile, features, heap } = engine();
  return {
    build,
    threads,
    tile,
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
    throw new ConfigError(`init: maximumMemory is ${maximum} bytes; 16 MiB to 4 GiB are possible`, { maximumMemory: maximum });
  }
  if (options.wasm !== undefined && (options.build ?? "auto") === "auto") {
    throw new ConfigError('init: `wasm` needs `build: "simd"` or `build: "relaxed"` to say which binary it is');
  }
  const features = detectFeatures();
  let failure: unknown;
  for (const build of candidates(options.build ?? "auto", features)) {
    try {
      return instantiate(build, await compile(build, options.wasm), features, maximum);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

function candidates(wanted: Build | "auto", features: Features): Build[] {
  if (!features.simd) {
    throw new UnsupportedError("init: this runtime has no WebAssembly SIMD, which the kernels are made of; use a newer one");
  }
  if (wanted === "relaxed" && !features.relaxedSimd) {
    throw new UnsupportedError(
      'init: this runtime has no relaxed SIMD; use build "simd" or "auto" (Node 20 has it behind --experimental-wasm-relaxed-simd)',
    );
  }
  if (wanted !== "auto") return [wanted];
  return features.relaxedSimd ? ["relaxed", "simd"] : ["simd"];
}

function instantiate(build: Build, module: WebAssembly.Module, features: Features, maximum: number): Engine {
  const kernels = initSync({ module });
  const heap = new Heap(kernels.memory, maximum);
  const threads = 1;
  const workspace = kernels.workspace_len(threads);
  kernels.set_workspace(heap.allocate(4 * workspace), workspace);
  const tile = chooseTile(kernels, heap);
  selfTest(build, kernels, heap);
  return { kernels, memory: kernels.memory, heap, build, threads, tile, features };
}
