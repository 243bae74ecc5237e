import { clip } from "../../errors/excerpt.js";
import type { Wanted } from "../options.js";
import type { Engine } from "../running.js";
import { adapterOffer } from "./adapter-offer.js";
import { GpuEngine } from "./gpu-engine.js";
import { selfTest } from "./self-test.js";
import { stopwatch } from "../../waiting/next-task.js";
import { UnsupportedError } from "../../errors/errors.js";
import { gpuPackage } from "../pool.js";

/** Node's instance. */
let nodeGpu: GPU | undefined;

interface Runtime {
  readonly navigator?: { readonly gpu?: GPU };
}

/** WebGPU of pages, workers and Deno; in Node that of the npm package `webgpu`, if it is installed. Throws `UnsupportedError` if there is none. */
async function findGpu(): Promise<GPU> {
  const { navigator } = globalThis as Runtime;
  if (navigator?.gpu !== undefined) return navigator.gpu;
  const fetchPackage = gpuPackage();
  if (fetchPackage === undefined) throw unsupported("this runtime has no WebGPU (navigator.gpu)");
  try {
    const { create } = await fetchPackage();
    // Kept for good: adapters and devices of an instance that was collected crash the process.
    return (nodeGpu ??= create([]));
  } catch (error) {
    throw unsupported(`Node has WebGPU by the package "webgpu" (npm install webgpu): ${clip(String(error))}`, error);
  }
}

/** The GPU's adapter. Throws `UnsupportedError` if there is no GPU or driver. */
async function findAdapter(): Promise<GPUAdapter> {
  const adapter = await (await findGpu()).requestAdapter({ powerPreference: "high-performance" });
  if (adapter === null)
    throw unsupported("this machine has no adapter for WebGPU: no GPU, or no driver that the runtime accepts");
  return adapter;
}

/** The error of a start: what is missing. */
function unsupported(why: string, cause?: unknown): UnsupportedError {
  return new UnsupportedError(
    `init: ${why}; use device "wasm" or "auto"`,
    { op: "init", option: "device", missing: "webgpu" },
    { cause },
  );
}

const SIDE = 256;
const REPEATS = 8;

/** Whether products of 256 × 256 take less time on the GPU than on WASM, the time to submit and to read included. */
async function isFaster(gpu: GpuEngine, host: Engine): Promise<boolean> {
  if (gpu.isSoftware) return false;
  // Once untimed: the first product compiles its shader.
  await products(gpu, 1);
  return (await products(gpu, REPEATS)) < (await products(host, REPEATS));
}

async function products(engine: Engine, repeats: number): Promise<number> {
  const { kernels, heap } = engine;
  const size = SIDE * SIDE;
  const [a, c] = [heap.allocate(4 * size), heap.allocate(4 * size)];
  try {
    kernels.fill(size, 0.5, a);
    const elapsed = stopwatch();
    for (let i = 0; i < repeats; i++) kernels.gemm(SIDE, SIDE, SIDE, 1, a, SIDE, 1, a, SIDE, 1, 0, c, SIDE, 0);
    await engine.readLater(c, 1);
    return elapsed();
  } finally {
    heap.release(a);
    heap.release(c);
  }
}

type StartWasm = (wanted: Wanted) => Promise<Engine>;

/**
 * Starts an engine on the GPU. With "auto", one on WASM if there is no GPU, if its adapter is a program on the CPU, if it fails the self-test,
 * or if a product takes no less time on it.
 */
export async function startDevice(wanted: Wanted, startWasm: StartWasm): Promise<Engine> {
  const host = await startWasm(wanted);
  try {
    const gpu = await startGpu(wanted, host);
    if (wanted.device === "webgpu" || (await isFaster(gpu, host))) return gpu;
    // Not `close`, which would end the engine on WASM too.
    gpu.abandon();
  } catch (error) {
    if (wanted.device === "webgpu") {
      await host.close();
      throw error;
    }
  }
  return host;
}

/** Features that programs use where they are. */
const OPTIONAL: readonly GPUFeatureName[] = ["subgroups", "shader-f16"];

/** A driver whose feature is wrong or refused is used without it: tries all features, then each alone, then none. */
async function startGpu(wanted: Wanted, host: Engine): Promise<GpuEngine> {
  let adapter = await findAdapter();
  const offered = OPTIONAL.filter((feature) => adapter.features.has(feature));
  const alone = offered.length > 1 ? offered.map((feature) => [feature]) : [];
  for (const features of offered.length > 0 ? [offered, ...alone] : []) {
    const started = await startWith(adapter, features, wanted, host).catch(() => null);
    if (started !== null) return started;
    // An adapter has one device.
    adapter = await findAdapter();
  }
  return startWith(adapter, [], wanted, host);
}

async function startWith(
  adapter: GPUAdapter,
  requiredFeatures: GPUFeatureName[],
  { maximumMemory = Infinity }: Wanted,
  host: Engine,
): Promise<GpuEngine> {
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
  const requiredLimits = { maxBufferSize, maxStorageBufferBindingSize };
  const device = await adapter.requestDevice({ requiredFeatures, requiredLimits }).catch((error: unknown) => {
    throw unsupported(`the adapter gives no device: ${clip(String(error))}`, error);
  });
  const most = Math.min(maximumMemory, maxBufferSize, maxStorageBufferBindingSize);
  // Whole pages, of which the heap makes its blocks.
  const gpu = GpuEngine.of(device, adapterOffer(adapter), host, most - (most % 65_536));
  try {
    await selfTest(gpu, host);
    return gpu;
  } catch (error) {
    gpu.abandon();
    throw error;
  }
}
