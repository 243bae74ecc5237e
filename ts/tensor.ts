import { ShapeError } from "./errors.js";

/** A tensor on the host: float32, row-major. Reading one from a graph gives a copy. */
export interface Tensor {
  /** Lengths of the dimensions, outermost first; `[]` is a scalar. */
  readonly shape: readonly number[];
  /** The elements, as many as the product of `shape`. */
  readonly data: Float32Array;
}

/** Number of elements of a shape; 1 for a scalar. */
export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (const length of shape) size *= length;
  return size;
}

/** Whether two shapes are one. */
export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((length, i) => length === b[i]);
}

/** `[2, 3]`, as error messages print it. */
export function formatShape(shape: readonly number[]): string {
  return `[${shape.join(", ")}]`;
}

/**
 * A tensor from numbers. Throws `ShapeError` where they are not as many as the shape says.
 *
 * @example tensor([2, 2], [1, 2, 3, 4])
 */
export function tensor(shape: readonly number[], data: ArrayLike<number>): Tensor {
  const made: Tensor = { shape: [...shape], data: data instanceof Float32Array ? data : Float32Array.from(data) };
  checkTensor("tensor", made);
  return made;
}

/** A tensor of zeros. */
export function zeros(shape: readonly number[]): Tensor {
  return { shape: [...shape], data: new Float32Array(sizeOf(shape)) };
}

/** Throws `ShapeError` unless `value` is a tensor whose data are as many as its shape says. */
export function checkTensor(what: string, value: Tensor): void {
  const { shape, data } = value;
  if (!Array.isArray(shape) || shape.some((length) => !Number.isSafeInteger(length) || length < 0)) {
    throw new ShapeError(`${what}: a shape is a list of whole numbers from 0, got ${JSON.stringify(shape)}`, { shape });
  }
  if (!(data instanceof Float32Array)) {
    throw new ShapeError(
      `${what}: data must be a Float32Array, got ${Object.prototype.toString.call(data).slice(8, -1)}`,
    );
  }
  if (data.length !== sizeOf(shape)) {
    throw new ShapeError(`${what}: shape ${formatShape(shape)} holds ${sizeOf(shape)} values, got ${data.length}`, {
      shape,
      length: data.length,
    });
  }
}
