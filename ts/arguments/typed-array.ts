import { ConfigError } from "../errors/errors.js";

// What a typed array is, asked of the array itself: `instanceof`, `length` and `buffer` say what its owner made them say.

type Typed = Float32Array | Uint8Array;

const TypedArray = Object.getPrototypeOf(Uint8Array) as new () => object;
type Getter = (this: unknown) => unknown;
const getter = (name: string | symbol) =>
  Object.getOwnPropertyDescriptor(TypedArray.prototype, name)!.get as unknown as Getter;
const tag = getter(Symbol.toStringTag);
const length = getter("length");
const buffer = getter("buffer");

/** "Float32Array", of another realm too; undefined for what is no typed array, proxies of one and objects like one included. */
export const typedKind = (value: unknown) => tag.call(value) as string | undefined;

/** Whether something is no typed array, though `instanceof` says so. */
export const isDisguised = (value: unknown) => typedKind(value) === undefined && value instanceof TypedArray;

/** Whether something has the numbers of a `Float32Array`. */
export const isFloats = (value: unknown): value is Float32Array => typedKind(value) === "Float32Array";

/** Whether something has the bytes of a `Uint8Array`. */
export const isBytes = (value: unknown): value is Uint8Array => typedKind(value) === "Uint8Array";

/** How many elements a typed array has. Throws `TypeError` for anything else. */
export const typedLength = (array: unknown) => length.call(array) as number;

/** The memory that a typed array shows. Throws `TypeError` for anything else. */
export const typedBuffer = (array: unknown) => buffer.call(array) as ArrayBufferLike;

/** The bytes as they lie now, as an array that neither follows its buffer's length nor has properties of its own. */
export function fixedBytes(bytes: Uint8Array): Uint8Array {
  const count = typedLength(bytes);
  // Of a buffer that was transferred no array can be made, not even an empty one.
  return count === 0
    ? new Uint8Array()
    : new Uint8Array(typedBuffer(bytes), getter("byteOffset").call(bytes) as number, count);
}

/** Copies `expected` elements into as long an array. Throws `ConfigError` where there are not as many, or another thread makes it so. */
export function copyInto(target: Typed, data: Typed, expected: number): void {
  const actual = typedLength(data);
  let cause: unknown;
  try {
    // They can then only become more, and `set` writes nothing beyond the target.
    if (actual === expected) return target.set(data);
  } catch (error) {
    cause = error;
  }
  throw changed(expected, actual, cause);
}

/** The error of data that are not as many as they were. */
export function changed(expected: number, actual: number, cause?: unknown): ConfigError {
  const message = `data changed while they were read: expected ${expected} elements, got ${actual}`;
  return new ConfigError(message, { expected, actual }, { cause });
}
