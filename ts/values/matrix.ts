import { atOnce, type Steps } from "../waiting/next-task.js";

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

/** M = Q·R for a matrix that is given by its columns. */
interface Qr {
  /** Q's columns: orthonormal, as many as the smaller of rows and columns. */
  readonly q: Vectors;
  /** R's columns, each as long as Q has columns. */
  readonly r: Vectors;
}

/**
 * M = Q·R by Householder reflections, with R's diagonal at least 0, which makes the result one of a kind where M has full
 * rank. Q is orthonormal whatever M's rank. Sums run in float64.
 *
 * @param columns M's columns, which are overwritten
 */
export const qr = (columns: Vectors): Qr => atOnce(qrInSteps(columns));

/** The QR decomposition, a column of R or Q a step. */
export function* qrInSteps(columns: Vectors): Steps<Qr> {
  const { count, length } = columns;
  const steps = Math.min(count, length);
  const r = new Vectors(count, steps);
  const signs = new Float64Array(steps).fill(1);
  // What stands below the diagonal of column k becomes its reflector v, with H = I − 2·v·vᵀ/(vᵀ·v).
  const halfSquares = new Float64Array(steps);
  for (let k = 0; k < steps; k++) {
    yield;
    const column = columns.at(k);
    const head = column[k]!;
    const norm = lengthFrom(column, k);
    if (norm > 0) {
      const diagonal = head > 0 ? -norm : norm;
      column[k] = head - diagonal;
      halfSquares[k] = dot(column, column, k) / 2;
      for (let j = k + 1; j < count; j++) reflect(columns.at(j), column, halfSquares[k]!, k);
      if (diagonal < 0) signs[k] = -1;
      r.at(k)[k] = Math.abs(diagonal);
    }
    for (let j = k + 1; j < count; j++) r.at(j)[k] = signs[k]! * columns.at(j)[k]!;
  }
  const q = new Vectors(steps, length);
  for (let k = 0; k < steps; k++) {
    yield;
    const unit = q.at(k);
    unit[k] = 1;
    for (let j = k; j >= 0; j--) reflect(unit, columns.at(j), halfSquares[j]!, j);
    if (signs[k]! < 0) scaleBy(unit, -1);
  }
  return { q, r };
}

function reflect(x: Float64Array, v: Float64Array, halfSquare: number, from: number): void {
  if (halfSquare > 0) addScaled(x, -dot(x, v, from) / halfSquare, v, from);
}

/** ‖x‖₂ from an element on, without overflow or underflow of the squares. */
function lengthFrom(x: Float64Array, from: number): number {
  let largest = 0;
  for (let k = from; k < x.length; k++) largest = Math.max(largest, Math.abs(x[k]!));
  if (largest === 0) return 0;
  let sum = 0;
  for (let k = from; k < x.length; k++) sum += (x[k]! / largest) * (x[k]! / largest);
  return largest * Math.sqrt(sum);
}

/** Numbers in [−1, 1) that look random and are always the same. */
export class FixedNumbers {
  private state = 0x9e3779b9;

  next(): number {
    this.state = (Math.imul(this.state, 1664525) + 1013904223) | 0;
    const mixed = Math.imul(this.state ^ (this.state >>> 15), 0x2c1b3c6d);
    return (mixed ^ (mixed >>> 13)) / 2 ** 31;
  }

  fill(vector: Float64Array): void {
    for (let k = 0; k < vector.length; k++) vector[k] = this.next();
  }
}

/** Share of a vector's length below which the rest of one that depends on the others is rounding errors. */
const DEPENDENT = 1e-12;

/**
 * Makes vector `i` one of length 1 at right angles to those before it. Where it depends on them, any other such vector takes its
 * place, so there must be fewer than they are long.
 */
export function orthonormalize(vectors: Vectors, i: number, numbers: FixedNumbers): void {
  const vector = vectors.at(i);
  for (;;) {
    const before = Math.sqrt(dot(vector, vector));
    // The second pass takes away what rounding left of the first.
    for (let pass = 0; pass < 2; pass++)
      for (let j = 0; j < i; j++) addScaled(vector, -dot(vectors.at(j), vector), vectors.at(j));
    const after = Math.sqrt(dot(vector, vector));
    if (after > DEPENDENT * before) return scaleBy(vector, 1 / after);
    numbers.fill(vector);
  }
}
