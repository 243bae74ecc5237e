import type { LayoutKernels, MemoryKernels } from "../../kernels.js";
import type { Heap } from "../../memory/heap.js";
import { withScratch } from "../../memory/scratch.js";
import type { CommandStream } from "../command-stream.js";
import * as programs from "../programs/memory.js";

/** Copies numbers that may overlap those they are written to: then through other memory, since threads run in any order. */
export function copyKernel(stream: CommandStream, heap: Heap): MemoryKernels["copy"] {
  const copy = (n: number, x: number, y: number) => stream.elements(programs.copy, n, x, y);
  return (n, x, y) => {
    if (x === y) return;
    if (Math.abs(x - y) >= 4 * n) return copy(n, x, y);
    withScratch(heap, n, (between) => {
      copy(n, x, between);
      copy(n, between, y);
    });
  };
}

export function memoryKernels(
  stream: CommandStream,
): Omit<MemoryKernels, "copy"> & Pick<LayoutKernels, "copy_strided"> {
  return {
    fill: (n, value, y) => stream.elements(programs.fill, n, value, y),
    axpy: (n, alpha, x, y) => stream.elements(programs.axpy, n, alpha, x, y),
    scale: (n, alpha, x, y) => stream.elements(programs.scale, n, alpha, x, y),
    copy_strided: (x, y, n0, n1, n2, n3, x0, x1, x2, x3, y0, y1, y2, y3, alpha, accumulate) =>
      stream.elements(
        programs.copyStrided,
        n0 * n1 * n2 * n3,
        n1,
        n2,
        n3,
        x,
        y,
        x0,
        x1,
        x2,
        x3,
        y0,
        y1,
        y2,
        y3,
        alpha,
        accumulate,
      ),
  };
}
