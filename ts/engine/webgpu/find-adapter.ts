import { UnsupportedError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
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
export async function findAdapter(): Promise<GPUAdapter> {
  const adapter = await (await findGpu()).requestAdapter({ powerPreference: "high-performance" });
  if (adapter === null)
    throw unsupported("this machine has no adapter for WebGPU: no GPU, or no driver that the runtime accepts");
  return adapter;
}

/** The error of a start: what is missing. */
export function unsupported(why: string, cause?: unknown): UnsupportedError {
  return new UnsupportedError(
    `init: ${why}; use device "wasm" or "auto"`,
    { op: "init", option: "device", missing: "webgpu" },
    { cause },
  );
}
