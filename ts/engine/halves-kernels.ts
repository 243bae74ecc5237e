import type { Pointer } from "./kernels.js";

/** What engines on a GPU have beside the kernels of WASM: keys and values in binary16 are written and read where they are. */
interface HalvesKernels {
  /**
   * Writes `rows` of `width` numbers, `xRow` apart, as binary16 from element `start` of `data` on: each as the nearest, ties to even. A finite
   * number that is too large is NaN, so that what is computed with it is NaN: nothing can be thrown.
   */
  readonly store: (rows: number, width: number, x: Pointer, xRow: number, data: Pointer, start: number) => void;
  /** `attention_forward_capped` by k and v in binary16. */
  readonly attention: (
    plan: Pointer,
    q: Pointer,
    k: Pointer,
    v: Pointer,
    o: Pointer,
    lse: Pointer,
    cap: number,
  ) => void;
}

/** Kernels of an engine that has them. */
export interface WithHalves {
  readonly halves?: HalvesKernels;
}
