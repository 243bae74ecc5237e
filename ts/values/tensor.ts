import { keyOf, lengthOf, notListed, object, unexpected } from "../arguments/settings.js";
import { isFloats, typedLength } from "../arguments/typed-array.js";
import { type ErrorClass, MemoryError, ShapeError } from "../errors/errors.js";
import { clip } from "../errors/excerpt.js";
import { floatsOf, hostArray, MAX_ELEMENTS } from "./number-list.js";

/** A tensor on the host: float32, row-major. Reading one from a graph returns a copy. */
export interface Tensor {
  /** Lengths of the dimensions, outermost first; `[]` is a scalar. */
  readonly shape: readonly number[];
  /** The elements, as many as the product of `shape`. */
  readonly data: Float32Array;
}

/**
 * Makes a tensor from numbers. A `Float32Array` is used without a copy. Throws `ShapeError` if their number does not match the shape,
 * `ConfigError` for values that are not numbers.
 *
 * @example tensor([2, 2], [1, 2, 3, 4])
 */
export function tensor(shape: readonly number[], data: ArrayLike<number>): Tensor {
  const lengths = checkLengths("tensor", shape);
  const elements = isFloats(data) ? data : floatsOf("tensor", "data", data);
  return checkTensor("tensor", { shape: lengths, data: elements });
}

/** A tensor of zeros. Throws `ShapeError` for an invalid shape, `MemoryError` for one that is too large. */
export function zeros(shape: readonly number[]): Tensor {
  const lengths = checkSize("zeros", checkLengths("zeros", shape));
  return { shape: lengths, data: hostArray("zeros", Float32Array, sizeOf(lengths)) };
}

/**
 * Throws `ShapeError` unless `value` is a tensor with as many data as its shape says. Returns it with each field read once and the shape
 * copied.
 */
export function checkTensor(what: string, value: Tensor): Tensor {
  const { shape, data } = object(what, "a tensor", value, "{ shape, data }", ShapeError) as Tensor;
  const lengths = checkLengths(what, shape);
  if (!isFloats(data)) throw unexpected(what, "data", "a Float32Array", data, ShapeError);
  checkFills(what, lengths, "values", typedLength(data));
  return { shape: checkSize(what, lengths), data };
}

/** Vectors of one length as the rows of a matrix, `[vectors, width]`. `width` matters if there are none. */
export function stackedRows(vectors: readonly Float32Array[], width = vectors[0]?.length ?? 0): Tensor {
  const data = new Float32Array(vectors.length * width);
  vectors.forEach((vector, i) => data.set(vector, i * width));
  return { shape: [vectors.length, width], data };
}

/** Maximum number of dimensions. */
const MAX_RANK = 64;

/** Number of elements of a shape; 1 for a scalar. */
export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (const length of shape) {
    if (length === 0) return 0; // An infinite product of the others would make it NaN.
    size *= length;
  }
  return size;
}

/** Whether two shapes are the same. */
export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let d = 0; d < a.length; d++) if (a[d] !== b[d]) return false;
  return true;
}

/** `[2, 3]`, as error messages print it. */
export function formatShape(shape: readonly number[]): string {
  return `[${clip(shape.join(", "))}]`;
}

/** A copy of a list of whole numbers from 0. Throws `ShapeError` for anything else. */
export function checkLengths(what: string, shape: readonly number[]): number[] {
  const lengths = Array.isArray(shape) ? listOf(what, "shape", shape) : [NaN];
  if (lengths.every((length) => Number.isSafeInteger(length) && length >= 0)) return lengths;
  throw unexpected(what, "a shape", "a list of whole numbers from 0", shape, ShapeError);
}

/**
 * Throws `MemoryError` for a shape with more elements than linear memory can hold. Lengths of 0 are ignored, since the other lengths could
 * still wrap around in the kernels. Returns the shape.
 */
export function checkSize<T extends readonly number[]>(what: string, shape: T): T {
  let size = 1;
  for (let d = 0; d < shape.length; d++) if (shape[d] !== 0) size *= shape[d]!;
  if (size <= MAX_ELEMENTS && shape.length <= MAX_RANK) return shape;
  if (shape.length > MAX_RANK) throw tooManyDimensions(what, shape.length);
  throw new MemoryError(
    `${what}: a tensor of shape ${formatShape(shape)} is larger than linear memory can be (2^30 elements)`,
    { op: what, shape, requested: 4 * size, maximum: 4 * MAX_ELEMENTS },
  );
}

/** "<what>: <name> must be <layout>, got <shape>" */
export function wrongShape(what: string, name: string, layout: string, shape: readonly number[]): Error {
  const details = { op: what, input: keyOf(name), expected: layout, actual: shape };
  return new ShapeError(`${what}: ${name} must be ${layout}, got ${formatShape(shape)}`, details);
}

/** Throws an error of class `kind` unless `shape` is `expected`, which is `whose`. */
export function checkShape(
  what: string,
  name: string,
  shape: readonly number[],
  expected: readonly number[],
  whose = "",
  kind: ErrorClass = ShapeError,
): void {
  if (sameShape(shape, expected)) return;
  const message = `${what}: ${name} must have ${whose}shape ${formatShape(expected)}, got ${formatShape(shape)}`;
  throw new kind(message, { op: what, input: keyOf(name), expected, actual: shape });
}

/** Throws `ShapeError` unless a shape has `count` elements. */
export function checkFills(what: string, shape: readonly number[], things: string, count: number): void {
  const size = sizeOf(shape);
  if (count === size) return;
  const message = `${what}: shape ${formatShape(shape)} holds ${size} ${things}, got ${count}`;
  throw new ShapeError(message, { op: what, option: things, shape, expected: size, actual: count });
}

/**
 * A copy of a short list of numbers, such as a shape or dimensions. Throws `ShapeError` for anything else; the caller checks the numbers.
 */
export function listOf(what: string, name: string, given: ArrayLike<number>): number[] {
  const length = lengthOf(what, name, given, "numbers", ShapeError);
  if (length > MAX_RANK) throw tooManyDimensions(what, length);
  const list = new Array<number>(length);
  for (let i = 0; i < length; i++) {
    const value: unknown = given[i];
    if (typeof value !== "number") throw notListed(what, name, "numbers", value, i, ShapeError);
    list[i] = value;
  }
  return list;
}

function tooManyDimensions(what: string, rank: number): ShapeError {
  const message = `${what}: a tensor has at most ${MAX_RANK} dimensions, got ${rank}`;
  return new ShapeError(message, { op: what, rank, maximum: MAX_RANK });
}
