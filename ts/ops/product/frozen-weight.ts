import type { Kernels, Pointer } from "../../engine/kernels.js";

/** Element types of frozen weights; the index is the kernels' number of each. */
export const weightFormats = ["f32", "f16", "bf16", "q8", "q4"] as const;

/**
 * Formats of frozen weights: float32, IEEE 754 binary16, bfloat16, or groups of 32 along a row; the last group of a row is always whole. A
 * group of "q8" is d and 32 signed bytes q for d·q, 34 bytes: GGUF's Q8_0. A group of "q4" is d, m and 32 codes q of 4 bits for d·q + m, 20
 * bytes: GGUF's Q4_1. d and m are binary16, and the low nibbles of the 16 bytes are the group's first half. In memory, groups of four rows
 * are interleaved; reading gives these bytes again.
 */
export type WeightFormat = (typeof weightFormats)[number];

/** Elements of a group. */
export const groupLength = (format: WeightFormat) => (format === "q8" || format === "q4" ? 32 : 1);

/** The kernels' number of a format. */
export const formatNumber = (format: WeightFormat) => weightFormats.indexOf(format);

// Computed for one group and one row, since the kernels' 32 bits would wrap around for sizes beyond linear memory.

/** Stored bytes of a number of rows of `width` elements. */
export function storedLength(kernels: Kernels, format: WeightFormat, rows: number, width: number): number {
  const group = groupLength(format);
  return rows * Math.ceil(width / group) * kernels.stored_bytes(formatNumber(format), group);
}

/** Number of interleaved rows. */
export const rowsTogether = (format: WeightFormat) => (groupLength(format) > 1 ? 4 : 1);

/** The kernels' number of a format as in memory: with groups of four rows interleaved. */
export const keptNumber = (format: WeightFormat) => formatNumber(format) + (groupLength(format) > 1 ? 2 : 0);

/** Bytes of a number of rows in memory. */
export function keptLength(kernels: Kernels, format: WeightFormat, rows: number, width: number): number {
  const together = rowsTogether(format);
  return storedLength(kernels, format, Math.ceil(rows / together) * together, width);
}

/** Elements of W `[k, n]` in panels. */
export const packedLength = (kernels: Kernels, k: number, n: number) => k * kernels.packed_len(1, n);

/** W `[in, out]` without a gradient, in any format. Other memory is float32 with contiguous rows. */
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
