import type { Kernels } from "../../engine/kernels.js";
import type { Pointer } from "../op.js";

/** Element types of frozen weights; the place is the kernels' number of each. */
export const weightFormats = ["f32", "f16", "bf16", "q8", "q4"] as const;

/**
 * How the elements of a frozen weight are stored: float32, IEEE 754 binary16, bfloat16, or in groups of 32 along a row, the last
 * of which is whole whatever the row's length. A group of "q8" is d and 32 signed bytes q for d·q, 34 bytes: GGUF's Q8_0. One of
 * "q4" is d, m and 32 codes q of 4 bits for d·q + m, 20 bytes: GGUF's Q4_1. d and m are binary16, and the low nibbles of the 16
 * bytes are the group's first half. Memory holds groups of four rows in one another, from which these bytes come back.
 */
export type WeightFormat = (typeof weightFormats)[number];

/** Elements that are stored together. */
export const groupLength = (format: WeightFormat) => (format === "q8" || format === "q4" ? 32 : 1);

/** The kernels' number of a format. */
export const formatNumber = (format: WeightFormat) => weightFormats.indexOf(format);

// Asked for one group, and for one row, since the kernels' 32 bits wrap around for what no linear memory holds.

/** Bytes of so many rows of `width` elements, stored. */
export function storedLength(kernels: Kernels, format: WeightFormat, rows: number, width: number): number {
  const group = groupLength(format);
  return rows * Math.ceil(width / group) * kernels.stored_bytes(formatNumber(format), group);
}

/** Rows that memory holds in one another. */
export const rowsTogether = (format: WeightFormat) => (groupLength(format) > 1 ? 4 : 1);

/** The kernels' number of a format as memory holds it: groups of four rows in one another. */
export const keptNumber = (format: WeightFormat) => formatNumber(format) + (groupLength(format) > 1 ? 2 : 0);

/** Bytes of so many rows as memory holds them. */
export function keptLength(kernels: Kernels, format: WeightFormat, rows: number, width: number): number {
  const together = rowsTogether(format);
  return storedLength(kernels, format, Math.ceil(rows / together) * together, width);
}

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
