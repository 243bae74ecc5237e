import { addScaled, dot, scaleBy, type Vectors } from "./matrix.js";

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

/** Of a vector's length: what is left of one that depends on the others is rounding errors. */
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
