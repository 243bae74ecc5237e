import type { Steps } from "../../waiting/next-task.js";

/** Vectors of one length, one behind the other: float64, for what is computed on the host. */
export class Vectors {
  readonly data: Float64Array;

  constructor(
    readonly count: number,
    readonly length: number,
    data?: Float64Array,
  ) {
    this.data = data ?? new Float64Array(count * length);
  }

  /** One of them: a view, not a copy. */
  at(i: number): Float64Array {
    return this.data.subarray(i * this.length, (i + 1) * this.length);
  }

  /** The first of them: a view. */
  first(count: number): Vectors {
    return new Vectors(count, this.length, this.data.subarray(0, count * this.length));
  }

  /** The vectors as the rows of a matrix, transposed. */
  transposed(): Vectors {
    const { count, length, data } = this;
    const transposed = new Float64Array(data.length);
    for (let i = 0; i < count; i++) for (let j = 0; j < length; j++) transposed[j * count + i] = data[i * length + j]!;
    return new Vectors(length, count, transposed);
  }
}

/** aᵀ·b, in four sums: each addition waits for the one before it. */
export function dot(a: Float64Array, b: Float64Array, from = 0): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  let k = from;
  for (; k + 4 <= a.length; k += 4) {
    s0 += a[k]! * b[k]!;
    s1 += a[k + 1]! * b[k + 1]!;
    s2 += a[k + 2]! * b[k + 2]!;
    s3 += a[k + 3]! * b[k + 3]!;
  }
  for (; k < a.length; k++) s0 += a[k]! * b[k]!;
  return s0 + s1 + (s2 + s3);
}

/** y ← y + factor·x */
export function addScaled(y: Float64Array, factor: number, x: Float64Array, from = 0): void {
  for (let k = from; k < y.length; k++) y[k]! += factor * x[k]!;
}

/** x ← factor·x */
export function scaleBy(x: Float64Array, factor: number): void {
  for (let k = 0; k < x.length; k++) x[k]! *= factor;
}

/** M·v of each vector v, for M's rows. */
export function* times(rows: Vectors, vectors: Vectors): Steps<Vectors> {
  const result = new Vectors(vectors.count, rows.count);
  // A strip of rows stays in the cache while all vectors pass.
  const strip = Math.max(1, Math.floor(16384 / rows.length));
  for (let first = 0; first < rows.count; first += strip) {
    const end = Math.min(rows.count, first + strip);
    yield;
    for (let v = 0; v < vectors.count; v++) {
      const vector = vectors.at(v);
      for (let i = first; i < end; i++) result.data[v * rows.count + i] = dot(rows.at(i), vector);
    }
  }
  return result;
}

/** Mᵀ·v of each vector v, for M's rows. */
export function* timesTransposed(rows: Vectors, vectors: Vectors): Steps<Vectors> {
  const result = new Vectors(vectors.count, rows.length);
  const strip = Math.max(1, Math.floor(16384 / rows.length));
  for (let first = 0; first < rows.count; first += strip) {
    const end = Math.min(rows.count, first + strip);
    yield;
    for (let v = 0; v < vectors.count; v++) {
      const [sum, vector] = [result.at(v), vectors.at(v)];
      let i = first;
      for (; i + 4 <= end; i += 4) addFour(sum, rows, i, vector);
      for (; i < end; i++) addScaled(sum, vector[i]!, rows.at(i));
    }
  }
  return result;
}

/** Four rows, each times its factor, in one pass. */
function addFour(sum: Float64Array, { data, length }: Vectors, row: number, factors: Float64Array): void {
  const [f0, f1, f2, f3] = [factors[row]!, factors[row + 1]!, factors[row + 2]!, factors[row + 3]!];
  const r0 = row * length;
  const [r1, r2, r3] = [r0 + length, r0 + 2 * length, r0 + 3 * length];
  for (let k = 0; k < length; k++)
    sum[k]! += f0 * data[r0 + k]! + f1 * data[r1 + k]! + (f2 * data[r2 + k]! + f3 * data[r3 + k]!);
}
