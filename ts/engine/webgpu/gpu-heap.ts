import type { Pointer } from "../kernels.js";
import { Heap } from "../memory/heap.js";
import type { LinearMemory } from "../platform-types.js";
import type { KeptCopies } from "./kept-copies.js";

/** The heap of a GPU's buffer: the copy of a block ends with it. */
export class GpuHeap extends Heap {
  constructor(
    memory: LinearMemory,
    maximum: number,
    private readonly kept: KeptCopies,
  ) {
    super(memory, maximum);
  }

  override release(pointer: Pointer): void {
    super.release(pointer);
    this.kept.released(pointer);
  }
}
