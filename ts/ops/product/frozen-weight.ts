import type { Kernels } from "../../engine/kernels.js";
import type { Pointer } from "../op.js";

/** Element types of frozen weights; the place is the kernels' number of each. */
export const weightFormats = ["f32", "f16", "bf16"] as const;

/** How the elements of a frozen weight are stored: float32, IEEE 754 binary16 or bfloat16. */
export type WeightFormat = (typeof weightFormats)[number];

// Asked for one row, since the kernels' 32 bits wrap around for what no linear memory holds.

/** Bytes of so many elements, stored. */
export const storedLength = (kernels: Kernels, format: WeightFormat, elements: number) =>
  elements * kernels.stored_bytes(weightFormats.indexOf(format), 1);

/** Elements of W `[k, n]` in panels. */
export const packedLength = (kernels: Kernels, k: number, n: number) => k * kernels.packed_len(1, n);

/** W `[in, out]`, which never gets a gradient, in whatever form it is kept. Memory is float32, its rows contiguous. */
export interface FrozenWeight {
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly format: WeightFormat;
  /** y ← x·W + bias: x `[rows, in]`, y `[rows, out]`, bias `[out]` or null. */
  times(rows: number, x: Pointer, bias: Pointer, y: Pointer): void;
  /** ∂x ← g·Wᵀ (+ ∂x): g `[rows, out]`, ∂x `[rows, in]`. */
  timesTransposed(rows: number, g: Pointer, accumulate: 0 | 1, gradient: Pointer): void;
  /** y[j, ·] ← W[index[j], ·]: y `[count, out]`. */
  rows(index: Pointer, count: number, y: Pointer): void;
  /** y ← W[:, start..end]: y `[in, end − start]`. */
  columns(start: number, end: number, y: Pointer): void;
}
