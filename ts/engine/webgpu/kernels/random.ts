import type { Pointer, RandomKernels } from "../../kernels.js";
import type { Engine } from "../../running.js";
import { withScratch } from "../scratch.js";

type Draws = Pick<RandomKernels, "philox_uniform" | "philox_normal">;

/**
 * Random numbers for initial weights and orders, which layers read at once: the WASM kernels draw them, so that a seed gives the same bits
 * on every device. `keep` receives them with their address.
 */
export function randomKernels(host: Engine, keep: (pointer: Pointer, data: Float32Array) => void): Draws {
  const drawing =
    (name: keyof Draws): Draws["philox_normal"] =>
    (y, n, seedLow, seedHigh, stream) => {
      const { heap, kernels } = host;
      withScratch(heap, n, (scratch) => {
        kernels[name](scratch, n, seedLow, seedHigh, stream);
        keep(y, host.read(scratch, n));
      });
    };
  return { philox_uniform: drawing("philox_uniform"), philox_normal: drawing("philox_normal") };
}
