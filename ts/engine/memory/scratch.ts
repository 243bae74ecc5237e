import type { Pointer } from "../kernels.js";
import type { Heap } from "./heap.js";

/**
 * Runs `body` with memory that is free again afterwards. On a GPU kernels that use it may run later: they are submitted before those that use
 * the same memory next.
 */
export function withScratch<T>(
  heap: Pick<Heap, "allocate" | "release">,
  elements: number,
  body: (pointer: Pointer) => T,
): T {
  const pointer = heap.allocate(4 * elements);
  try {
    return body(pointer);
  } finally {
    heap.release(pointer);
  }
}
