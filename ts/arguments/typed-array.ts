import { ConfigError } from "../errors/errors.js";

// What a typed array is, asked of the array itself: `instanceof`, `length` and `buffer` say what its owner made them say.

type Typed = Float32Array | Int32Array | Uint32Array | Uint8Array;

const TypedArray = Object.getPrototypeOf(Uint8Array) as new () => object;
const own = Object.getOwnPropertyDescriptors(TypedArray.prototype) as unknown as Record<
  string | symbol,
  { readonly get: (this: unknown) => unknown }
>;
const [tag, length, buffer, offset] = [
  own[Symbol.toStringTag]!.get,
  own["length"]!.get,
  own["buffer"]!.get,
  own["byteOffset"]!.get,
];

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
  return count === 0 ? new Uint8Array() : new Uint8Array(typedBuffer(bytes), offset.call(bytes) as number, count);
}

/** Copies one array into another of as many elements. Throws `ConfigError` where they are not as many, or another thread makes them so. */
export function copyInto(target: Typed, data: Typed): void {
  let cause: unknown;
  const [expected, actual] = [typedLength(target), typedLength(data)];
  try {
    // It can then only have grown, and `set` writes nothing beyond the target.
    if (expected === actual) return target.set(data);
  } catch (error) {
    cause = error;
  }
  throw changed(expected, actual, cause);
}

/** The error of data that are not as many as they were. */
export function changed(expected: number, actual: number, cause?: unknown): ConfigError {
  const message = `data were changed while they were read: ${expected} elements are expected, got ${actual}`;
  return new ConfigError(message, { expected, actual }, { cause });
}
