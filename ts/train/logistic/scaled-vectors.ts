import { NonFiniteError, ShapeError } from "../../errors/errors.js";
import { listFrom, unexpected } from "../../arguments/settings.js";
import { isFloats, typedLength } from "../../arguments/typed-array.js";
import { floatsOf, hostArray } from "../../values/number-list.js";
import type { Tensor } from "../../values/tensor.js";

const what = "fitLogisticRegression";

/** Smaller deviations count as zero: dividing by them would exceed float32's range. */
const SMALLEST_DEVIATION = 1e-30;

/**
 * Vectors minus their mean, divided by their root mean square distance from it. A strength of regularisation then means the same for every
 * encoder, and the bias does not depend on the weight.
 */
export interface ScaledVectors {
  readonly count: number;
  readonly hidden: number;
  /** `[count, hidden]`, row by row. */
  readonly rows: Float32Array;
  readonly mean: Float64Array;
  /** Root of the mean squared distance from the mean; 1 if all vectors are equal. */
  readonly deviation: number;
}

/**
 * A scaled copy of some vectors. Throws `ConfigError` unless it is a list of vectors, `ShapeError` for different lengths, `NonFiniteError`
 * for NaN or infinity.
 */
export function scaledVectors(given: readonly Float32Array[]): ScaledVectors {
  const vectors = listFrom(`${what}: a list of vectors is expected`, given, (vector, i) =>
    isFloats(vector) ? vector : floatsOf(what, `vector ${i}`, vector as []),
  );
  if (vectors.length === 0) throw unexpected(what, "vectors", "a list of one or more", given);
  const [count, hidden] = [vectors.length, typedLength(vectors[0]!)];
  if (hidden === 0) throw unexpected(what, "vector 0", "a list of one number or more", vectors[0], ShapeError);
  const rows = hostArray(what, Float32Array, count * hidden);
  vectors.forEach((vector, i) => {
    check(vector, i, hidden);
    rows.set(vector, i * hidden);
  });
  // Relative to the first vector: if a component is equal in all, its mean is then exact, and no rounding error is scaled up.
  const mean = Float64Array.from(vectors[0]!);
  const columns = (use: (at: number, column: number) => void) => {
    for (let start = 0; start < rows.length; start += hidden) for (let j = 0; j < hidden; j++) use(start + j, j);
  };
  columns((at, j) => (mean[j]! += (rows[at]! - rows[j]!) / count));
  let squares = 0;
  columns((at, j) => {
    const distance = rows[at]! - mean[j]!;
    squares += (distance * distance) / count;
  });
  const root = Math.sqrt(squares);
  const deviation = root > SMALLEST_DEVIATION ? root : 1;
  columns((at, j) => (rows[at] = (rows[at]! - mean[j]!) / deviation));
  return { count, hidden, rows, mean, deviation };
}

function check(vector: Float32Array, place: number, hidden: number): void {
  const length = typedLength(vector);
  if (length !== hidden)
    throw new ShapeError(`${what}: vector ${place} has ${length} numbers, the first one ${hidden}`, {
      op: what,
      input: "vectors",
      place,
      actual: [length],
      expected: [hidden],
    });
  const strange = vector.findIndex((x) => !Number.isFinite(x));
  if (strange < 0) return;
  throw new NonFiniteError(`${what}: vector ${place} has ${vector[strange]} at index ${strange}; remove it`, {
    op: what,
    place,
    value: vector[strange],
  });
}

/** Some of the vectors, by index. */
export function rowsOf({ rows, hidden }: ScaledVectors, places: readonly number[]): Float32Array {
  const some = hostArray(what, Float32Array, places.length * hidden);
  places.forEach((place, i) => some.set(rows.subarray(place * hidden, (place + 1) * hidden), i * hidden));
  return some;
}

/** Converts a weight `[hidden, classes]` and bias for scaled vectors to those for the original vectors, with the same logits. */
export function unscaled(
  { mean, deviation, hidden }: ScaledVectors,
  weight: Float64Array,
  bias: Float64Array,
): { weight: Tensor; bias: Tensor } {
  const classes = bias.length;
  const shifted = Float64Array.from(bias);
  const data = new Float32Array(weight.length);
  weight.forEach((w, i) => {
    data[i] = w / deviation;
    shifted[i % classes]! -= (mean[Math.floor(i / classes)]! * w) / deviation;
  });
  return {
    weight: { shape: [hidden, classes], data },
    bias: { shape: [classes], data: Float32Array.from(shifted) },
  };
}
