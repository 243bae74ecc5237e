import { addScaled, dot, scaleBy, Vectors } from "./matrix.js";
import { atOnce, type Steps } from "../../waiting/next-task.js";

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
