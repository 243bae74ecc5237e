import { ConfigError } from "../../errors/errors.js";
import { type Factors, orthogonalized } from "./full-svd.js";
import { leadingSvd, searchWidth } from "./krylov.js";
import { scaleBy, Vectors } from "./matrix.js";
import { atOnce, type Steps } from "../../waiting/steps.js";

/** M ≈ Σ σ·u·vᵀ: a matrix's largest singular values with their vectors. */
export interface Svd {
  /** σ, descending, `[rank]`. */
  readonly values: Float64Array;
  /** u `[rank, rows]`, orthonormal. */
  readonly left: Float64Array;
  /** v `[rank, columns]`, orthonormal. */
  readonly right: Float64Array;
}

/**
 * The singular value decomposition of a matrix `[rows, columns]`, row by row, in float64: all of it, or its `rank` leading
 * values and vectors, which for a small rank take some ten passes over the matrix. Of the two signs of a pair of vectors it has that
 * which makes u's largest element positive (the first, where several are largest), so the same matrix gives the same bits.
 *
 * Throws `ConfigError` where a number is not finite, or the matrix has fewer rows or columns than `rank`.
 */
export function svd(
  data: Float32Array | Float64Array,
  rows: number,
  columns: number,
  rank = Math.min(rows, columns),
): Svd {
  return atOnce(svdInSteps(data, rows, columns, rank));
}

/** The same in steps that are each a small part of a product, of a sweep or of a QR decomposition. */
export function* svdInSteps(
  data: Float32Array | Float64Array,
  rows: number,
  columns: number,
  rank: number,
): Steps<Svd> {
  check(data, rows, columns, rank);
  const tall = rows >= columns;
  const given = new Vectors(rows, columns, Float64Array.from(data));
  const matrix = tall ? given : given.transposed();
  const found = yield* decompose(matrix, rank);
  const left = (tall ? found.left : found.right).first(rank);
  const right = (tall ? found.right : found.left).first(rank);
  for (let i = 0; i < rank; i++) {
    if (!largestIsNegative(left.at(i))) continue;
    scaleBy(left.at(i), -1);
    scaleBy(right.at(i), -1);
  }
  return { values: found.values.slice(0, rank), left: left.data.slice(), right: right.data.slice() };
}

function* decompose(matrix: Vectors, rank: number): Steps<Factors> {
  if (2 * searchWidth(rank) <= matrix.length) {
    const leading = yield* leadingSvd(matrix, rank);
    if (leading !== null) return leading;
  }
  return yield* orthogonalized(matrix.transposed());
}

function largestIsNegative(vector: Float64Array): boolean {
  let largest = 0;
  for (const x of vector) if (Math.abs(x) > Math.abs(largest)) largest = x;
  return largest < 0;
}

function check(data: Float32Array | Float64Array, rows: number, columns: number, rank: number): void {
  if (data.length !== rows * columns || !Number.isInteger(rank) || rank < 0 || rank > Math.min(rows, columns)) {
    throw new ConfigError(
      `svd: expected ${rows} × ${columns} numbers and a rank up to the smaller of the two, got ${data.length} and rank ${rank}`,
      { op: "svd", option: "rank", value: rank },
    );
  }
  if (!data.every((x) => Number.isFinite(x))) {
    throw new ConfigError("svd: a matrix of finite numbers is expected, this one holds NaN or infinity", {
      op: "svd",
      reason: "not finite",
    });
  }
}
