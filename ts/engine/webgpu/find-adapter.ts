import { UnsupportedError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import { lazyChunk } from "../../waiting/lazy-chunk.js";

/** Node's instance. */
let nodeGpu: GPU | undefined;

// Not a constant, which minifiers would put into the `import()`: bundlers would look for a package that few programs have.
const packageName = ["webgpu"].join();
const nodePackage = lazyChunk(
  () => import(/* webpackIgnore: true */ /* @vite-ignore */ packageName) as Promise<{ create(options: string[]): GPU }>,
);

interface Runtime {
  readonly navigator?: { readonly gpu?: GPU };
  readonly process?: { readonly versions?: { readonly node?: string } };
}

/** WebGPU of pages, workers and Deno; in Node that of the npm package `webgpu`, if it is installed. Throws `UnsupportedError` if there is none. */
async function findGpu(): Promise<GPU> {
  const { navigator, process } = globalThis as Runtime;
  if (navigator?.gpu !== undefined) return navigator.gpu;
  if (process?.versions?.node === undefined) throw unsupported("this runtime has no WebGPU (navigator.gpu)");
  try {
    const { create } = await nodePackage();
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

function unsupported(why: string, cause?: unknown): UnsupportedError {
  return new UnsupportedError(
    `init: ${why}; use device "wasm" or "auto"`,
    { op: "init", option: "device", missing: "webgpu" },
    { cause },
  );
}
