import type { LinearMemory } from "./platform-types.js";
import type { Kernels, Pointer } from "./kernels.js";

/** All exports of a kernel binary: besides the kernels what the engine sets up and measures them with. */
export interface WasmKernels extends Kernels {
  /** Those without threads make it themselves; the others import it. */
  readonly memory: LinearMemory;
  /** Elements of scratch that the matrix product needs for so many threads. */
  readonly workspace_len: (threads: number) => number;
  /** Hands that scratch over; 0 where it is too short for the threads that run. */
  readonly set_workspace: (data: Pointer, length: number) => number;

  // Register tiles of the matrix product, by index ----------------------------------------------------------------
  readonly tile_count: () => number;
  readonly tile_rows: (index: number) => number;
  readonly tile_columns: (index: number) => number;
  /** The one in use. */
  readonly tile: () => number;
  readonly set_tile: (index: number) => void;
  /** Elements of scratch that `probe_tile` needs. */
  readonly probe_len: () => number;
  /** Runs a tile over first-level cache, to be timed. */
  readonly probe_tile: (index: number, iterations: number, scratch: Pointer) => void;

  // The machine's best, for comparison ----------------------------------------------------------------------------
  readonly peak_forms: () => number;
  /** Operations of one iteration of a form. */
  readonly peak_flops: (form: number) => number;
  readonly peak_len: () => number;
  readonly peak: (form: number, iterations: number, data: Pointer) => void;
}

/** What only the builds with threads export. */
export interface SharedKernels extends WasmKernels {
  /** Says how many threads there are, and whether the calling one may block. */
  readonly set_threads: (threads: number, maySleep: number) => void;
  /** What worker `index` does, for ever. */
  readonly worker_loop: (index: number) => void;
  /** The last thing that a worker does whose `worker_loop` threw. */
  readonly worker_failed: (index: number) => void;
  /** Keeps a worker that is about to be ended out of later kernels. */
  readonly retire_worker: (index: number) => void;
  /** The calling thread's part of a kernel. */
  readonly work_as_caller: () => void;
}
