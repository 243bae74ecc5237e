import { MemoryError } from "./errors.js";
import { lengthOf, notListed } from "./settings.js";
import { MAX_ELEMENTS } from "./shape.js";

/** Whole numbers that a caller gave, copied, and the range they lie in. */
export interface Integers {
  readonly data: Int32Array;
  /** Smallest; Infinity where there are none. */
  readonly least: number;
  /** Largest; -Infinity where there are none. */
  readonly most: number;
}

/**
 * A copy of whole numbers of 32 bits, made in the pass that checks them. Throws `ConfigError` for anything else: NaN,
 * fractions, strings, big integers, gaps.
 */
export function integersOf(what: string, name: string, given: ArrayLike<number>): Integers {
  const data = hostArray(what, Int32Array, countOf(what, name, given));
  let [least, most] = [Infinity, -Infinity];
  for (let i = 0; i < data.length; i++) {
    const value: unknown = given[i];
    if (typeof value !== "number" || (value | 0) !== value) throw notListed(what, name, "whole numbers", value, i);
    data[i] = value;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return { data, least, most };
}

/** A copy of numbers as float32. Throws `ConfigError` for anything else. */
export function floatsOf(what: string, name: string, given: ArrayLike<number>): Float32Array {
  const data = hostArray(what, Float32Array, countOf(what, name, given));
  for (let i = 0; i < data.length; i++) {
    const value: unknown = given[i];
    if (typeof value !== "number") throw notListed(what, name, "numbers", value, i);
    data[i] = value;
  }
  return data;
}

/** What a mask lets through: 1 where it is neither 0 nor false. Throws `ConfigError` for anything but numbers and booleans. */
export function maskOf(what: string, name: string, given: ArrayLike<number | boolean>): Uint8Array {
  const data = hostArray(what, Uint8Array, countOf(what, name, given));
  for (let i = 0; i < data.length; i++) {
    const value: unknown = given[i];
    const isNumber = typeof value === "number" && !Number.isNaN(value);
    if (!isNumber && typeof value !== "boolean") throw notListed(what, name, "numbers", value, i);
    data[i] = value ? 1 : 0;
  }
  return data;
}

/** An array of zeros. Throws `MemoryError` where JavaScript cannot make one so long. */
export function hostArray<T>(what: string, kind: new (length: number) => T, length: number): T {
  let cause: unknown;
  try {
    if (length <= MAX_ELEMENTS) return new kind(length);
  } catch (error) {
    cause = error;
  }
  throw new MemoryError(`${what}: there is no memory for ${length} values`, {}, { cause });
}

/**
 * How many values a list has. Throws `ConfigError` for what is no list. A length is anybody's claim and memory is made
 * for it, so the last value must be there too.
 */
function countOf(what: string, name: string, given: ArrayLike<unknown>): number {
  const length = lengthOf(what, name, given, "numbers");
  if (length > 0 && !ArrayBuffer.isView(given) && given[length - 1] === undefined) {
    throw notListed(what, name, "numbers", undefined, length - 1);
  }
  return length;
}
