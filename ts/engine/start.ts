import { ConfigError, UnsupportedError } from "../errors/errors.js";
import { clip } from "../errors/excerpt.js";
import { lazyChunk } from "../waiting/lazy-chunk.js";
import { detectFeatures, type Features } from "./features.js";
import { Heap } from "./memory/heap.js";
import { instantiate } from "./instantiate.js";
import type { Wanted } from "./options.js";
import { planThreads, Pool } from "./pool.js";
import { Engine, type EngineConstructor } from "./running.js";
import { type Build, compile } from "./source.js";
import { TileChoice } from "./tile.js";
import type { SharedKernels, WasmKernels } from "./platform-types.js";
import type { Pointer } from "./kernels.js";

const ROWS = 9;
const INNER = 21;
const COLUMNS = 19;

/**
 * One small product with odd sizes, compared with float64. Some engines have accepted SIMD modules and computed wrong results; a wrong
 * gradient would go unnoticed, so such an engine is refused here.
 */
function selfTest(build: string, kernels: WasmKernels, heap: Heap): void {
  // Small integers over a power of two: exact in float32, fused or not.
  const left = Float32Array.from({ length: ROWS * INNER }, (_, i) => (((i * 7) % 17) - 8) / 8);
  const right = Float32Array.from({ length: INNER * COLUMNS }, (_, i) => (((i * 5) % 19) - 9) / 8);
  const products = new Float32Array(ROWS * COLUMNS);
  const [a, b, c] = [left, right, products].map(({ length }) => heap.allocate(4 * length)) as [
    Pointer,
    Pointer,
    Pointer,
  ];
  const floats = new Float32Array(heap.memory.buffer);
  floats.set(left, a / 4);
  floats.set(right, b / 4);
  kernels.gemm(ROWS, COLUMNS, INNER, 1, a, INNER, 1, b, COLUMNS, 1, 0, c, COLUMNS, 0);
  products.forEach((_, i) => {
    const [row, column, got] = [Math.floor(i / COLUMNS), i % COLUMNS, floats[c / 4 + i]];
    let expected = 0;
    for (let k = 0; k < INNER; k++) expected += left[row * INNER + k]! * right[k * COLUMNS + column]!;
    if (got === expected) return;
    throw new UnsupportedError(
      `init: the "${build}" build computes wrongly in this runtime: element [${row}, ${column}] of the self-test is ` +
        `${got}, not ${expected}; use another build or runtime`,
      { op: "init", build, row, column, expected, actual: got },
    );
  });
  for (const block of [a, b, c]) heap.release(block);
}

const GIBIBYTE = 2 ** 30;
const DEFAULT_MAXIMUM = 2 * GIBIBYTE;
/** Sizes with which the builds with threads were linked. */
const SHARED_MAXIMUM = 2 * GIBIBYTE;
/** Initial memory of these binaries; none starts with less. */
const INITIAL_PAGES = 18;
/** Maximum length of the reason why threads were refused: it contains a URL and advice. */
const LONGEST_REASON = 600;

const webgpu = lazyChunk(() => import("./webgpu/start-gpu.js"));

/** Starts an engine on the device of the options. */
export async function start(wanted: Wanted): Promise<Engine> {
  const { device = "wasm" } = wanted;
  return device === "wasm" ? startWasm(wanted) : (await webgpu()).startDevice(wanted, startWasm);
}

/** Starts the best engine for the options. If none passes its self-test, everything is freed. */
async function startWasm(wanted: Wanted): Promise<Engine> {
  const features = detectFeatures();
  const plan = planThreads(wanted.threads, features, wanted.wasm !== undefined);
  const maximum = wanted.maximumMemory ?? DEFAULT_MAXIMUM;
  let failure: unknown = NO_RELAXED;
  for (const build of candidates(wanted.build, features)) {
    try {
      const loaded = await loadBest(build, plan.threads, wanted, maximum);
      const tile = await ready(build, loaded, wanted);
      const { threadsRefused = plan.refused } = loaded;
      const relaxedRefused = wanted.build === "auto" && build === "simd" ? clip(String(failure)) : null;
      const failed = loaded.threadsRefused === undefined ? null : { worker: wanted.worker };
      const chosen = { build, relaxedRefused, threadsRefused, tile, features, maximumMemory: maximum, failed };
      return new (Engine as unknown as EngineConstructor)({ ...loaded, ...chosen });
    } catch (error) {
      // Another build has the same tiles.
      if (error instanceof ConfigError) throw error;
      failure = error;
    }
  }
  throw failure;
}

const NO_RELAXED = "no relaxed SIMD; see --experimental-wasm-relaxed-simd";

function candidates(wanted: Build | "auto", { simd, relaxedSimd }: Features): Build[] {
  if (!simd) {
    const message = "init: this runtime has no WebAssembly SIMD";
    throw new UnsupportedError(message, { op: "init", missing: "simd" });
  }
  if (wanted === "relaxed" && !relaxedSimd) {
    const details = { op: "init", option: "build", value: wanted, missing: "relaxedSimd" };
    throw new UnsupportedError(`init: this runtime has ${NO_RELAXED}`, details);
  }
  if (wanted !== "auto") return [wanted];
  return relaxedSimd ? ["relaxed", "simd"] : ["simd"];
}

/** Kernels with their memory, not yet tested. */
interface Loaded {
  readonly kernels: WasmKernels;
  readonly heap: Heap;
  readonly threads: number;
  readonly threadsRefused?: string;
  /** Ends the workers. */
  readonly end: () => Promise<void>;
}

/** Loads a build with threads if they start; else with one thread, and the reason. */
async function loadBest(build: Build, threads: number, wanted: Wanted, most: number): Promise<Loaded> {
  try {
    return await load(build, threads, wanted, most);
  } catch (error) {
    if (threads === 1) throw error;
    return { ...(await load(build, 1, wanted, most)), threadsRefused: clip(String(error), LONGEST_REASON) };
  }
}

/** The build for several threads, on shared memory, with its workers running. */
async function load(build: Build, threads: number, { wasm, worker }: Wanted, most: number): Promise<Loaded> {
  if (threads === 1) {
    const kernels = await instantiate(await compile(build, wasm));
    return { kernels, heap: new Heap(kernels.memory, most), threads, end: async () => undefined };
  }
  const module = await compile(`${build}-threads`);
  const { memory, maximum } = sharedMemory(Math.min(most, SHARED_MAXIMUM));
  const pool = new Pool();
  const kernels = (await instantiate(module, memory, pool.lost)) as SharedKernels;
  await pool.start(threads - 1, { module, memory }, kernels, worker);
  // A page's main thread must not block; workers and Node may.
  kernels.set_threads(threads, typeof document === "undefined" ? 1 : 0);
  return { kernels, heap: new Heap(memory, maximum), threads, end: () => pool.end() };
}

/** Shared memory reserves its maximum of addresses; if a system refuses, ask for less. */
function sharedMemory(most: number): { memory: WebAssembly.Memory; maximum: number } {
  for (let maximum = most; ; maximum /= 2) {
    try {
      const pages = Math.floor(maximum / 65_536);
      return { memory: new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum: pages, shared: true }), maximum };
    } catch (error) {
      if (maximum <= GIBIBYTE / 8) throw error;
    }
  }
}

/** Gives the kernels their scratch memory and tile, and checks their results. On an error, ends their workers. */
async function ready(build: Build, { kernels, heap, threads, end }: Loaded, wanted: Wanted): Promise<TileChoice> {
  try {
    const workspace = kernels.workspace_len(threads);
    kernels.set_workspace(heap.allocate(4 * workspace), workspace);
    const tile = new TileChoice(kernels, heap, wanted.tile);
    selfTest(build, kernels, heap);
    return tile;
  } catch (error) {
    await end();
    throw error;
  }
}
