import { ShapeError } from "../errors/errors.js";
import { floatsOf, hostArray } from "./number-list.js";
import { object, unexpected } from "../arguments/settings.js";
import { isFloats, typedLength } from "../arguments/typed-array.js";
import { checkFills, checkLengths, checkSize, sizeOf } from "./shape.js";

export { formatShape, sameShape, sizeOf } from "./shape.js";

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
