import { clip } from "../../errors/excerpt.js";
import type { Wanted } from "../options.js";
import type { Engine } from "../running.js";
import { adapterOffer } from "./adapter-offer.js";
import { findAdapter, unsupported } from "./find-adapter.js";
import { GpuEngine } from "./gpu-engine.js";
import { selfTest } from "./self-test.js";
import { isFaster } from "./trial.js";

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
