import { ShapeError } from "./errors.js";
import { excerpt } from "./excerpt.js";
import { floatsOf, hostArray } from "./number-list.js";
import { checkLengths, checkSize, formatShape, sizeOf } from "./shape.js";

export { formatShape, sameShape, sizeOf } from "./shape.js";

/** A tensor on the host: float32, row-major. Reading one from a graph gives a copy. */
export interface Tensor {
  /** Lengths of the dimensions, outermost first; `[]` is a scalar. */
  readonly shape: readonly number[];
  /** The elements, as many as the product of `shape`. */
  readonly data: Float32Array;
}

/**
 * A tensor from numbers; a `Float32Array` is taken as it is, not copied. Throws `ShapeError` where they are not as many
 * as the shape says, `ConfigError` where they are no numbers.
 *
 * @example tensor([2, 2], [1, 2, 3, 4])
 */
export function tensor(shape: readonly number[], data: ArrayLike<number>): Tensor {
  const lengths = checkLengths("tensor", shape);
  const elements = data instanceof Float32Array ? data : floatsOf("tensor", "data", data);
  return checkTensor("tensor", { shape: lengths, data: elements });
}

/** A tensor of zeros. Throws `ShapeError` for what is no shape, `MemoryError` for one that is too large. */
export function zeros(shape: readonly number[]): Tensor {
  const lengths = checkSize("zeros", checkLengths("zeros", shape));
  return { shape: lengths, data: hostArray("zeros", Float32Array, sizeOf(lengths)) };
}

/**
 * Throws `ShapeError` unless `value` is a tensor whose data are as many as its shape says. Gives back what was checked:
 * each field read once, the shape copied.
 */
export function checkTensor(what: string, value: Tensor): Tensor {
  if (typeof value !== "object" || value === null) {
    throw new ShapeError(`${what}: a tensor is { shape, data }, got ${excerpt(value)}`);
  }
  const { shape, data } = value;
  const lengths = checkLengths(what, shape);
  if (!(data instanceof Float32Array)) {
    throw new ShapeError(
      `${what}: data must be a Float32Array, got ${Object.prototype.toString.call(data).slice(8, -1)}`,
    );
  }
  const size = sizeOf(lengths);
  if (data.length !== size) {
    throw new ShapeError(`${what}: shape ${formatShape(lengths)} holds ${size} values, got ${data.length}`, {
      shape: lengths,
      length: data.length,
    });
  }
  return { shape: checkSize(what, lengths), data };
}
