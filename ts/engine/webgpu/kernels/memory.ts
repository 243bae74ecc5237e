import type { LayoutKernels, MemoryKernels } from "../../kernels.js";
import type { CommandStream } from "../command-stream.js";
import * as programs from "../programs/memory.js";

export function memoryKernels(stream: CommandStream): MemoryKernels & Pick<LayoutKernels, "copy_strided"> {
  return {
    fill: (n, value, y) => stream.elements(programs.fill, n, value, y),
    copy: (n, x, y) => stream.elements(programs.copy, n, x, y),
    axpy: (n, alpha, x, y) => stream.elements(programs.axpy, n, alpha, x, y),
    scale: (n, alpha, x, y) => stream.elements(programs.scale, n, alpha, x, y),
    copy_strided: (x, y, n0, n1, n2, n3, x0, x1, x2, x3, y0, y1, y2, y3, alpha, accumulate) =>
      stream.elements(
        ...([programs.copyStrided, n0 * n1 * n2 * n3, n1, n2, n3, x, y] as const),
        ...[x0, x1, x2, x3, y0, y1, y2, y3, alpha, accumulate],
      ),
  };
}
