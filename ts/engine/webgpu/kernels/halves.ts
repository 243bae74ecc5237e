import type { FrozenKernels } from "../../kernels.js";
import type { CommandStream } from "../command-stream.js";
import { missingKernel } from "../missing-kernel.js";
import { toHalves } from "../programs/halves.js";
import { columnsProgram } from "../programs/stored.js";

/** The kernels' number of binary16. */
const F16 = 1;

/** Rows that a cache in 16 bits reads and writes. */
export function halvesKernels(stream: CommandStream): Pick<FrozenKernels, "stored_decode" | "stored_encode"> {
  return {
    stored_decode: (format, n, data, y) => stream.elements(columnsProgram(format), n, data, n, 0, 0, n, y),
    // Returns 0: what is too large is NaN in memory, and so is all that follows from it.
    stored_encode: (format, n, x, data) => {
      if (format !== F16) throw missingKernel(`stored_encode ${format}`);
      const skip = (data % 4) / 2;
      stream.elements(toHalves, Math.ceil((n + skip) / 2), n, skip, x, data - 2 * skip);
      return 0;
    },
  };
}
