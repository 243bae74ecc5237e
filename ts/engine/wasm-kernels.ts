import type { Kernels, PoolKernels, ProbeKernels, TileKernels } from "./kernels.js";
import type { LinearMemory } from "./platform-types.js";

/** All exports of a kernel binary: besides the kernels what the engine sets up and measures them with. */
export interface WasmKernels extends Kernels, TileKernels, ProbeKernels {
  /** Linear memory. Builds without threads create it themselves; the others import it. */
  readonly memory: LinearMemory;
}

/** Exports of the builds with threads. */
export interface SharedKernels extends WasmKernels, PoolKernels {}
