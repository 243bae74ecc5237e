/** To await before each row: long work lets others in, and may end there. */
type Breathe = () => Promise<void> | undefined;

/** M = Vᵀ·diag(values)·V of a symmetric matrix. */
export interface Eigen {
  readonly values: Float64Array;
  /** `[size, size]`: an eigenvector a row, orthonormal. */
  readonly vectors: Float64Array;
}

/** Steps for one eigenvalue; two or three are usual, and what is left after these is still an orthonormal basis. */
const STEPS = 60;
const EPSILON = 2 ** -52;

/**
 * Eigenvalues and eigenvectors: Householder's reflections to a tridiagonal matrix, then QL steps with implicit shifts (Golub and
 * Van Loan, 8.3). Sums, products, quotients and roots alone, so that every runtime has the same bits.
 * @param matrix `[size, size]`, symmetric
 */
export async function eigen(matrix: Float64Array, size: number, breathe: Breathe): Promise<Eigen> {
  const a = matrix.slice();
  const diagonal = new Float64Array(size);
  const beside = new Float64Array(size);
  const factors = new Float64Array(size);
  // The reflection of step k stands in row k, behind its diagonal.
  const w = new Float64Array(size);
  for (let k = 0; k < size; k++) {
    await breathe();
    const v = a.subarray(k * size, (k + 1) * size);
    diagonal[k] = v[k]!;
    if (k + 1 < size) beside[k] = v[k + 1]!;
    if (k + 2 >= size) continue;
    let squares = 0;
    for (let j = k + 1; j < size; j++) squares += v[j]! * v[j]!;
    const length = v[k + 1]! > 0 ? -Math.sqrt(squares) : Math.sqrt(squares);
    const norm = squares - 2 * length * v[k + 1]! + squares;
    if (!(norm > 0)) continue;
    beside[k] = length;
    v[k + 1]! -= length;
    const factor = 2 / norm;
    factors[k] = factor;
    let along = 0;
    for (let i = k + 1; i < size; i++) {
      w[i] = factor * dot(a, i * size, v, k + 1, size);
      along += w[i]! * v[i]!;
    }
    const half = (factor * along) / 2;
    for (let i = k + 1; i < size; i++) w[i]! -= half * v[i]!;
    for (let i = k + 1; i < size; i++) {
      const [vi, wi, row] = [v[i]!, w[i]!, i * size];
      for (let j = k + 1; j < size; j++) a[row + j]! -= vi * w[j]! + wi * v[j]!;
    }
  }
  // Rows of Qᵀ, where Q is the product of the reflections: from the last on, each touches only what stands behind it.
  const vectors = new Float64Array(size * size);
  for (let i = 0; i < size; i++) vectors[i * (size + 1)] = 1;
  for (let k = size - 3; k >= 0; k--) {
    await breathe();
    const v = a.subarray(k * size, (k + 1) * size);
    for (let i = k + 1; i < size; i++) {
      const scale = factors[k]! * dot(vectors, i * size, v, k + 1, size);
      for (let j = k + 1; j < size; j++) vectors[i * size + j]! -= scale * v[j]!;
    }
  }
  await diagonalise(diagonal, beside, vectors, size, breathe);
  return { values: diagonal, vectors };
}

/** QL steps on a tridiagonal matrix, whose rotations turn the rows of `vectors` too. */
async function diagonalise(
  d: Float64Array,
  e: Float64Array,
  vectors: Float64Array,
  size: number,
  breathe: Breathe,
): Promise<void> {
  for (let first = 0; first < size; first++) {
    for (let step = 0; step < STEPS; step++) {
      await breathe();
      let last = first;
      while (last < size - 1 && Math.abs(e[last]!) > EPSILON * (Math.abs(d[last]!) + Math.abs(d[last + 1]!))) last++;
      if (last === first) break;
      const slope = (d[first + 1]! - d[first]!) / (2 * e[first]!);
      const root = Math.sqrt(slope * slope + 1);
      let g = d[last]! - d[first]! + e[first]! / (slope + (slope < 0 ? -root : root));
      let [sine, cosine, shift] = [1, 1, 0];
      let i = last - 1;
      for (; i >= first; i--) {
        const [f, b] = [sine * e[i]!, cosine * e[i]!];
        const r = Math.sqrt(f * f + g * g);
        e[i + 1] = r;
        if (r === 0) {
          d[i + 1]! -= shift;
          break;
        }
        sine = f / r;
        cosine = g / r;
        g = d[i + 1]! - shift;
        const rest = (d[i]! - g) * sine + 2 * cosine * b;
        shift = sine * rest;
        d[i + 1] = g + shift;
        g = cosine * rest - b;
        rotate(vectors, i * size, size, cosine, sine);
      }
      e[last] = 0;
      if (i >= first) continue;
      d[first]! -= shift;
      e[first] = g;
    }
  }
}

/** Turns the row at `at` and the one behind it. */
function rotate(rows: Float64Array, at: number, size: number, cosine: number, sine: number): void {
  for (let k = at; k < at + size; k++) {
    const [one, next] = [rows[k]!, rows[k + size]!];
    rows[k + size] = sine * one + cosine * next;
    rows[k] = cosine * one - sine * next;
  }
}

/** Of a row with a vector, from a place on: four sums at once, since each addition waits for the one before it. */
function dot(rows: Float64Array, at: number, v: Float64Array, from: number, to: number): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  let k = from;
  for (; k + 4 <= to; k += 4) {
    s0 += rows[at + k]! * v[k]!;
    s1 += rows[at + k + 1]! * v[k + 1]!;
    s2 += rows[at + k + 2]! * v[k + 2]!;
    s3 += rows[at + k + 3]! * v[k + 3]!;
  }
  for (; k < to; k++) s0 += rows[at + k]! * v[k]!;
  return s0 + s1 + (s2 + s3);
}
