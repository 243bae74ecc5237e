import { ConfigError } from "../errors/errors.js";
import {
  addScaled,
  dot,
  FixedNumbers,
  orthonormalize,
  qrInSteps,
  scaleBy,
  times,
  timesTransposed,
  Vectors,
} from "./matrix.js";
import { atOnce, type Steps } from "../waiting/next-task.js";

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

/** The singular value decomposition in steps that are each a small part of a product, of a sweep or of a QR decomposition. */
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

/** M = Σ σ·u·vᵀ, largest σ first. */
interface Factors {
  /** u, orthonormal, each as long as M has rows. */
  readonly left: Vectors;
  /** σ, descending. */
  readonly values: Float64Array;
  /** v, orthonormal, each as long as M has columns. */
  readonly right: Vectors;
}

/**
 * All singular values and vectors, by QR and one-sided Jacobi on Rᵀ, which converges in a few sweeps.
 *
 * @param columns M's, at most as many as they are long; overwritten
 */
function* orthogonalized(columns: Vectors): Steps<Factors> {
  const { q, r } = yield* qrInSteps(columns);
  const count = r.count;
  const transposed = r.transposed();
  const rotations = new Vectors(count, count);
  for (let i = 0; i < count; i++) rotations.at(i)[i] = 1;
  // Rᵀ·J = Y·Σ, so M = Q·R = (Q·J)·Σ·Yᵀ.
  yield* orthogonalize(transposed, rotations);
  const lengths = Float64Array.from({ length: count }, (_, i) => Math.sqrt(dot(transposed.at(i), transposed.at(i))));
  const order = Array.from(lengths.keys()).sort((a, b) => lengths[b]! - lengths[a]! || a - b);
  const [right, sorted] = [new Vectors(count, count), new Vectors(count, count)];
  const numbers = new FixedNumbers();
  order.forEach((from, to) => {
    sorted.at(to).set(rotations.at(from));
    right.at(to).set(transposed.at(from));
    if (lengths[from]! > 0) scaleBy(right.at(to), 1 / lengths[from]!);
    else orthonormalize(right, to, numbers);
  });
  return { left: yield* timesTransposed(q, sorted), values: Float64Array.from(order, (i) => lengths[i]!), right };
}

/** Products with MᵀM in a cycle. */
const POWERS = 4;

/** Vectors beyond those that are wanted: the gap to what is cut off decides how fast it converges. */
const BEYOND = 8;

/** Share of the largest singular value by which Mᵀ·u may lie from σ·v. */
const RESIDUAL = 1e-12;

/** A matrix whose leading vectors are not found in so many has them in one cluster. */
const CYCLES = 60;

/** How many vectors the search spans. */
const searchWidth = (rank: number) => (rank + BEYOND) * (POWERS + 1);

/**
 * The `rank` largest singular values and their vectors by block Krylov iteration: in each cycle the best of all vectors that
 * up to four products of MᵀM with the ones so far span (Rayleigh–Ritz; Musco and Musco 2015, arXiv 1504.05477). Null where
 * they have not converged. It begins with the same vectors each time.
 *
 * @param rows of M, at least as many as they are long and `searchWidth(rank)` at most as many as they are long
 */
function* leadingSvd(rows: Vectors, rank: number): Steps<Factors | null> {
  const numbers = new FixedNumbers();
  const block = rank + BEYOND;
  const basis = new Vectors(searchWidth(rank), rows.length);
  numbers.fill(basis.first(block).data);
  for (let cycle = 0; cycle < CYCLES; cycle++) {
    const images = new Vectors(basis.count, rows.count);
    for (let power = 0; power <= POWERS; power++) {
      for (let i = power * block; i < (power + 1) * block; i++) {
        yield;
        orthonormalize(basis, i, numbers);
      }
      const part = basis.data.subarray(power * block * rows.length, (power + 1) * block * rows.length);
      const image = yield* times(rows, new Vectors(block, rows.length, part));
      images.data.set(image.data, power * block * rows.count);
      if (power < POWERS) basis.data.set((yield* timesTransposed(rows, image)).data, (power + 1) * block * rows.length);
    }
    const found = yield* orthogonalized(images);
    // Σ factor·basis of each list of factors.
    const right = yield* timesTransposed(basis, found.right.first(block));
    const [left, values] = [found.left.first(rank), found.values.slice(0, rank)];
    if (yield* converged(rows, left, values, right)) return { left, values, right: right.first(rank) };
    basis.data.set(right.data);
  }
  return null;
}

function* converged(rows: Vectors, left: Vectors, values: Float64Array, right: Vectors): Steps<boolean> {
  const images = yield* timesTransposed(rows, left);
  const bound = RESIDUAL * values[0]!;
  return values.every((value, i) => {
    const rest = images.at(i);
    addScaled(rest, -value, right.at(i));
    return Math.sqrt(dot(rest, rest)) <= bound;
  });
}

/** Columns are orthogonal where their cosine is at most this. */
const COSINE = 1e-15;

const SWEEPS = 60;

/**
 * Turns vectors into orthogonal ones by plane rotations (one-sided Jacobi; Demmel and Veselić 1992 show that it finds even
 * small singular values to high relative accuracy). Both are overwritten.
 *
 * @param columns X's columns, which become those of X·J
 * @param rotated the columns of a matrix, which becomes this matrix times J
 */
function* orthogonalize(columns: Vectors, rotated: Vectors): Steps<void> {
  const { count } = columns;
  const squares = new Float64Array(count);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    // Updated along with the rotations within a sweep, they would drift over many.
    for (let i = 0; i < count; i++) squares[i] = dot(columns.at(i), columns.at(i));
    let turned = false;
    for (let i = 0; i < count - 1; i++) {
      yield;
      for (let j = i + 1; j < count; j++) {
        const product = dot(columns.at(i), columns.at(j));
        if (Math.abs(product) <= COSINE * Math.sqrt(squares[i]! * squares[j]!)) continue;
        turned = true;
        const ratio = (squares[j]! - squares[i]!) / (2 * product);
        const tangent = (ratio < 0 ? -1 : 1) / (Math.abs(ratio) + Math.sqrt(1 + ratio * ratio));
        const cosine = 1 / Math.sqrt(1 + tangent * tangent);
        rotate(columns.at(i), columns.at(j), cosine, cosine * tangent);
        rotate(rotated.at(i), rotated.at(j), cosine, cosine * tangent);
        squares[i]! -= tangent * product;
        squares[j]! += tangent * product;
      }
    }
    if (!turned) return;
  }
}

function rotate(x: Float64Array, y: Float64Array, cosine: number, sine: number): void {
  for (let k = 0; k < x.length; k++) {
    const [a, b] = [x[k]!, y[k]!];
    x[k] = cosine * a - sine * b;
    y[k] = sine * a + cosine * b;
  }
}

/**
 * The singular value decomposition of A·B `[m, n]` of narrow factors in steps, as `svdInSteps`, without making the product: A = U·S·Vᵀ with orthonormal
 * columns of U, so that A·B and the small S·Vᵀ·B have the same singular values.
 *
 * @param a `[m, k]` @param b `[k, n]` @param most singular values that are kept at most
 */
export function* productSvdInSteps(
  a: Float32Array | Float64Array,
  b: Float32Array | Float64Array,
  [m, k, n]: readonly [number, number, number],
  most: number,
): Steps<Svd> {
  const inner = Math.min(m, k);
  const outer = yield* svdInSteps(a, m, k, inner);
  const core = new Float64Array(inner * n);
  for (let i = 0; i < inner; i++)
    for (let r = 0; r < k; r++) {
      const factor = outer.values[i]! * outer.right[i * k + r]!;
      for (let j = 0; j < n; j++) core[i * n + j]! += factor * b[r * n + j]!;
    }
  const count = Math.min(most, inner, n);
  const { values, left: small, right } = yield* svdInSteps(core, inner, n, count);
  const left = new Float64Array(count * m);
  for (let c = 0; c < count; c++)
    for (let i = 0; i < inner; i++) {
      const factor = small[c * inner + i]!;
      for (let row = 0; row < m; row++) left[c * m + row]! += factor * outer.left[i * m + row]!;
    }
  return { values, left, right };
}
