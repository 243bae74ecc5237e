import { lengthOf, notListed, unexpected } from "../arguments/settings.js";
import { copyInto, isFloats, typedLength } from "../arguments/typed-array.js";
import { ShapeError } from "../errors/errors.js";
import { floatsOf } from "../values/number-list.js";
import { checkTensor, type Tensor } from "../values/tensor.js";

/** Vectors of one length: a list of them, as `SentenceEncoder.encode` returns it, or a tensor `[n, dimensions]`. */
export type Vectors = readonly ArrayLike<number>[] | Tensor;

/** A caller's vectors, each copied and checked when it is read. */
export interface VectorList {
  readonly count: number;
  /** Length of each vector; 0 if there are none. */
  readonly dimensions: number;
  /**
   * A copy of vector i, in `into` if that is given. Throws `ShapeError` for another length, `ConfigError` for values that are not finite
   * numbers.
   */
  at(i: number, into?: Float32Array): Float32Array;
}

/** Longest vector: differences of two of them are still finite in float32. */
const LONGEST = 1e38;

/**
 * Reads vectors. Throws `ConfigError` for anything else, `ShapeError` for a tensor of another shape.
 *
 * @param dimensions the length that vectors must have; default: that of the first
 */
export function vectorList(what: string, given: Vectors, dimensions?: number): VectorList {
  return Array.isArray(given)
    ? ofList(what, given as unknown[], dimensions)
    : ofTensor(what, given as Tensor, dimensions);
}

function ofList(what: string, given: readonly unknown[], expected: number | undefined): VectorList {
  const count = given.length;
  const first = expected ?? (count === 0 ? 0 : lengthOf(what, "a vector", given[0], "numbers"));
  return {
    count,
    dimensions: first,
    at: (i, into) => vectorFrom(what, given[i] as ArrayLike<number>, first, i, into),
  };
}

function ofTensor(what: string, given: Tensor, expected: number | undefined): VectorList {
  if (typeof given !== "object" || given === null || ArrayBuffer.isView(given))
    throw unexpected(what, "vectors", "a list of vectors, or a tensor [n, dimensions]", given);
  const { shape, data } = checkTensor(`${what}: vectors`, given);
  const [count, dimensions] = shape as [number, number];
  if (shape.length !== 2 || (expected !== undefined && dimensions !== expected))
    throw wrongLength(what, shape, `[n, ${expected ?? "dimensions"}]`);
  return {
    count,
    dimensions,
    at(i, into: Float32Array = new Float32Array(dimensions)) {
      copyInto(into, data.subarray(i * dimensions, (i + 1) * dimensions), dimensions);
      return checked(what, into, i);
    },
  };
}

/**
 * A copy of one vector of `dimensions` numbers, in `into` if that is given. Errors as `VectorList.at`; `place` is where it is in a list.
 */
export function vectorFrom(
  what: string,
  given: ArrayLike<number>,
  dimensions: number,
  place?: number,
  into?: Float32Array,
): Float32Array {
  const length = isFloats(given) ? typedLength(given) : lengthOf(what, "a vector", given, "numbers");
  if (length !== dimensions) throw wrongLength(what, [length], `[${dimensions}]`, place);
  // First, since a list may claim more numbers than there can be.
  const numbers = isFloats(given) ? given : floatsOf(what, "a vector", given);
  const vector = into ?? new Float32Array(dimensions);
  // Nothing is read from an array whose buffer was transferred; its length is 0.
  if (dimensions > 0) copyInto(vector, numbers, dimensions);
  return checked(what, vector, place);
}

function wrongLength(what: string, actual: readonly number[], expected: string, place?: number): ShapeError {
  const at = place === undefined ? "" : ` at place ${place}`;
  const message = `${what}: expected vectors ${expected}, got [${actual.join(", ")}]${at}`;
  return new ShapeError(message, { op: what, input: "vectors", expected, actual, place });
}

function checked(what: string, vector: Float32Array, place?: number): Float32Array {
  if (lengthOfVector(vector) <= LONGEST) return vector;
  const wrong = vector.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) throw notListed(`${what}: vector ${place ?? 0}`, "a vector", "finite numbers", vector[wrong], wrong);
  throw unexpected(what, "a vector", `at most ${LONGEST} long`, lengthOfVector(vector), undefined, {
    place: place ?? 0,
  });
}

/** Euclidean length in float64. */
export function lengthOfVector(vector: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < vector.length; i++) sum += vector[i]! * vector[i]!;
  return Math.sqrt(sum);
}
