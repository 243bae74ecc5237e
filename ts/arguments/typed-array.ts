import { ConfigError } from "../errors/errors.js";

// Facts about typed arrays from the arrays themselves: `instanceof`, `length` and `buffer` can be overridden.

type Typed = Float32Array | Uint8Array;

const TypedArray = Object.getPrototypeOf(Uint8Array) as new () => object;
type Getter = (this: unknown) => unknown;
const getter = (name: string | symbol) =>
  Object.getOwnPropertyDescriptor(TypedArray.prototype, name)!.get as unknown as Getter;
const tag = getter(Symbol.toStringTag);
const length = getter("length");
const buffer = getter("buffer");

/** "Float32Array", of any realm; undefined for anything else, including proxies and similar objects. */
export const typedKind = (value: unknown) => tag.call(value) as string | undefined;

/** Whether a value is no typed array although `instanceof` says so. */
export const isDisguised = (value: unknown) => typedKind(value) === undefined && value instanceof TypedArray;

/** Whether a value is a `Float32Array`. */
export const isFloats = (value: unknown): value is Float32Array => typedKind(value) === "Float32Array";

/** Whether a value is a `Uint8Array`. */
export const isBytes = (value: unknown): value is Uint8Array => typedKind(value) === "Uint8Array";

/** Number of elements of a typed array. Throws `TypeError` for anything else. */
export const typedLength = (array: unknown) => length.call(array) as number;

/** The buffer of a typed array. Throws `TypeError` for anything else. */
export const typedBuffer = (array: unknown) => buffer.call(array) as ArrayBufferLike;

/** The current bytes, as an array with a fixed length and without own properties. */
export function fixedBytes(bytes: Uint8Array): Uint8Array {
  const count = typedLength(bytes);
  // No array can be made on a buffer that was transferred, not even an empty one.
  return count === 0
    ? new Uint8Array()
    : new Uint8Array(typedBuffer(bytes), getter("byteOffset").call(bytes) as number, count);
}

/**
 * Copies `expected` elements into an array of that length. Throws `ConfigError` for another number of elements, also if another thread
 * changes it.
 */
export function copyInto(target: Typed, data: Typed, expected: number): void {
  const actual = typedLength(data);
  let cause: unknown;
  try {
    // From here the number can only grow, and `set` does not write beyond the target.
    if (actual === expected) return target.set(data);
  } catch (error) {
    cause = error;
  }
  throw changed(expected, actual, cause);
}

/** The error for data whose length has changed. */
export function changed(expected: number, actual: number, cause?: unknown): ConfigError {
  const message = `data changed while they were read: expected ${expected} elements, got ${actual}`;
  return new ConfigError(message, { expected, actual }, { cause });
}
