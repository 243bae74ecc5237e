/** Minimum pivot as a share of the largest: with dependent features, rounding errors could make one 0 or negative. */
const SMALLEST_PIVOT = 1e-12;

/** Awaited before each row, so that the event loop runs and the work can be cancelled. */
type Breathe = () => Promise<void> | undefined;

/** M = L·Lᵀ of a symmetric positive definite matrix, and products with L for matrices `[size, columns]`, in place. */
export class Cholesky {
  private constructor(
    /** Rows of L and rows of Lᵀ, both `[size, size]`, so that either is read in order. */
    private readonly lower: Float64Array,
    private readonly upper: Float64Array,
    private readonly size: number,
    private readonly breathe: Breathe,
  ) {}

  /** @param matrix `[size, size]`, only the lower half is read; @param breathe awaited before each row, also in products */
  static async of(matrix: Float64Array, size: number, breathe: Breathe): Promise<Cholesky> {
    const [lower, upper] = [new Float64Array(matrix.length), new Float64Array(matrix.length)];
    const sums = new Float64Array(4);
    let largest = 0;
    for (let i = 0; i < size; i++) largest = Math.max(largest, matrix[i * size + i]!);
    for (let i = 0; i < size; i++) {
      const pause = breathe();
      if (pause !== undefined) await pause;
      const row = i * size;
      for (let first = 0; first <= i; first += 4) {
        const end = Math.min(first + 4, i + 1);
        if (first + 4 === end) dots4(lower, row, first * size, size, first, sums);
        else for (let j = first; j < end; j++) sums[j - first] = dot(lower, row, j * size, first);
        for (let j = first; j < end; j++) {
          let rest = matrix[row + j]! - sums[j - first]!;
          for (let k = first; k < j; k++) rest -= lower[row + k]! * lower[j * size + k]!;
          const value = j < i ? rest / lower[j * size + j]! : Math.sqrt(Math.max(rest, SMALLEST_PIVOT * largest));
          lower[row + j] = value;
          upper[j * size + i] = value;
        }
      }
    }
    return new Cholesky(lower, upper, size, breathe);
  }

  /** B ← L⁻¹·B; elements of `rows` after the first `[size, columns]` stay unchanged. */
  async solve(rows: Float64Array, columns: number): Promise<void> {
    const { lower, size, breathe } = this;
    for (let i = 0; i < size; i++) {
      const pause = breathe();
      if (pause !== undefined) await pause;
      subtract(rows, i * columns, columns, lower, i * size, 0, i);
      scale(rows, i * columns, columns, 1 / lower[i * size + i]!);
    }
  }

  /** B ← L⁻ᵀ·B */
  async solveTransposed(rows: Float64Array, columns: number): Promise<void> {
    const { upper, size, breathe } = this;
    for (let i = size - 1; i >= 0; i--) {
      const pause = breathe();
      if (pause !== undefined) await pause;
      subtract(rows, i * columns, columns, upper, i * size, i + 1, size);
      scale(rows, i * columns, columns, 1 / upper[i * size + i]!);
    }
  }

  /** B ← Lᵀ·B */
  async multiplyTransposed(rows: Float64Array, columns: number): Promise<void> {
    const { upper, size, breathe } = this;
    for (let i = 0; i < size; i++) {
      const pause = breathe();
      if (pause !== undefined) await pause;
      scale(rows, i * columns, columns, -upper[i * size + i]!);
      subtract(rows, i * columns, columns, upper, i * size, i + 1, size);
      scale(rows, i * columns, columns, -1);
    }
  }
}

/** Four independent sums, since each addition waits for the one before it. */
function dot(values: Float64Array, a: number, b: number, count: number): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  let k = 0;
  for (; k + 4 <= count; k += 4) {
    s0 += values[a + k]! * values[b + k]!;
    s1 += values[a + k + 1]! * values[b + k + 1]!;
    s2 += values[a + k + 2]! * values[b + k + 2]!;
    s3 += values[a + k + 3]! * values[b + k + 3]!;
  }
  for (; k < count; k++) s0 += values[a + k]! * values[b + k]!;
  return s0 + s1 + (s2 + s3);
}

/** Products of one row with four consecutive rows: each of its numbers is read once. */
function dots4(values: Float64Array, a: number, b: number, size: number, count: number, sums: Float64Array): void {
  const [b1, b2, b3] = [b + size, b + 2 * size, b + 3 * size];
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  for (let k = 0; k < count; k++) {
    const x = values[a + k]!;
    s0 += x * values[b + k]!;
    s1 += x * values[b1 + k]!;
    s2 += x * values[b2 + k]!;
    s3 += x * values[b3 + k]!;
  }
  sums[0] = s0;
  sums[1] = s1;
  sums[2] = s2;
  sums[3] = s3;
}

/** Subtracts from the row at `at` the rows `first` to `end`, each times its factor; four rows in one pass. */
function subtract(
  rows: Float64Array,
  at: number,
  columns: number,
  factors: Float64Array,
  factorsAt: number,
  first: number,
  end: number,
): void {
  let j = first;
  for (; j + 4 <= end; j += 4) {
    const f = factorsAt + j;
    const [f0, f1, f2, f3] = [factors[f]!, factors[f + 1]!, factors[f + 2]!, factors[f + 3]!];
    const r0 = j * columns;
    const [r1, r2, r3] = [r0 + columns, r0 + 2 * columns, r0 + 3 * columns];
    for (let c = 0; c < columns; c++)
      rows[at + c]! -= f0 * rows[r0 + c]! + f1 * rows[r1 + c]! + (f2 * rows[r2 + c]! + f3 * rows[r3 + c]!);
  }
  for (; j < end; j++)
    for (let c = 0; c < columns; c++) rows[at + c]! -= factors[factorsAt + j]! * rows[j * columns + c]!;
}

function scale(rows: Float64Array, at: number, columns: number, by: number): void {
  for (let c = 0; c < columns; c++) rows[at + c]! *= by;
}
