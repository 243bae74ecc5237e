import { lengthOf, notListed } from "../arguments/settings.js";
import { MemoryError } from "../errors/errors.js";

/** A copy of a caller's whole numbers, and their range. */
export interface Integers {
  readonly data: Int32Array;
  /** The smallest; Infinity for an empty list. */
  readonly least: number;
  /** The largest; -Infinity for an empty list. */
  readonly most: number;
}

/**
 * A copy of 32-bit whole numbers. Throws `ConfigError` for anything else: NaN, fractions, strings, big integers, gaps.
 */
export function integersOf(what: string, name: string, given: ArrayLike<number>): Integers {
  const fits = (value: unknown) => isNumber(value) && (value | 0) === value;
  const data = copyOf(what, name, given, Int32Array, "whole numbers", fits, Number);
  let [least, most] = [Infinity, -Infinity];
  for (const value of data) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return { data, least, most };
}

/** A copy of numbers as float32. Throws `ConfigError` for anything else. */
export function floatsOf(what: string, name: string, given: ArrayLike<number>): Float32Array {
  return copyOf(what, name, given, Float32Array, "numbers", isNumber, Number);
}

/** A mask as 1 and 0: 0 for 0 and false. Throws `ConfigError` for anything but numbers and booleans. */
export function maskOf(what: string, name: string, given: ArrayLike<number | boolean>): Uint8Array {
  const fits = (value: unknown) => typeof value === "boolean" || (isNumber(value) && !Number.isNaN(value));
  return copyOf(what, name, given, Uint8Array, "numbers", fits, (value) => (value ? 1 : 0));
}

const isNumber = (value: unknown): value is number => typeof value === "number";

/** A copy of a list of `items`, each read once: checked by `fits`, converted by `convert`. */
function copyOf<T extends Int32Array | Float32Array | Uint8Array>(
  what: string,
  name: string,
  given: ArrayLike<unknown>,
  kind: ArrayKind<T>,
  items: string,
  fits: (value: unknown) => boolean,
  convert: (value: unknown) => number,
): T {
  const length = lengthOf(what, name, given, items);
  // A list may claim any length, and memory is allocated for it, so check that the last value exists.
  if (length > 0 && !ArrayBuffer.isView(given) && given[length - 1] === undefined) {
    throw notListed(what, name, items, undefined, length - 1);
  }
  const data = hostArray(what, kind, length);
  for (let i = 0; i < length; i++) {
    const value = given[i];
    if (!fits(value)) throw notListed(what, name, items, value, i);
    data[i] = convert(value);
  }
  return data;
}

/** A class of typed arrays. */
interface ArrayKind<T> {
  new (length: number): T;
  readonly BYTES_PER_ELEMENT: number;
}

/** Maximum number of elements: 4 GiB of float32, all that 32-bit linear memory can address. */
export const MAX_ELEMENTS = 2 ** 30;

/** An array of zeros. Throws `MemoryError` if JavaScript cannot allocate it. */
export function hostArray<T>(what: string, kind: ArrayKind<T>, length: number): T {
  let cause: unknown;
  try {
    if (length <= MAX_ELEMENTS) return new kind(length);
  } catch (error) {
    cause = error;
  }
  const requested = length * kind.BYTES_PER_ELEMENT;
  throw new MemoryError(`${what}: there is no memory for ${length} values`, { op: what, requested }, { cause });
}

/** Whether two values are bit-identical: numbers, texts, typed arrays, lists, Maps, Sets and objects of these. */
export function sameValues(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (ArrayBuffer.isView(a) && ArrayBuffer.isView(b)) return sameBytes(a, b);
  const [ours, theirs] = [itemsOf(a), itemsOf(b)];
  return ours.length === theirs.length && ours.every((item, i) => sameValues(item, theirs[i]));
}

function sameBytes(a: ArrayBufferView, b: ArrayBufferView): boolean {
  const bytes = ({ buffer, byteOffset, byteLength }: ArrayBufferView) => new Uint8Array(buffer, byteOffset, byteLength);
  const [ours, theirs] = [bytes(a), bytes(b)];
  if (ours.length !== theirs.length) return false;
  for (let i = 0; i < ours.length; i++) if (ours[i] !== theirs[i]) return false;
  return true;
}

/** The items of a list, Map or Set, or the entries of an object. */
export const itemsOf = (value: object): readonly unknown[] =>
  Array.isArray(value) || value instanceof Map || value instanceof Set
    ? [...(value as Iterable<unknown>)]
    : Object.entries(value);

/** Length of the beginning that two lists, or two texts in UTF-16 units, have in common. */
export function commonLength(a: ArrayLike<unknown>, b: ArrayLike<unknown>): number {
  const most = Math.min(a.length, b.length);
  let length = 0;
  while (length < most && a[length] === b[length]) length++;
  return length;
}

/**
 * Frees the memory of an array that nothing reads any more, if the runtime can: garbage collectors notice buffers so late that an edge
 * worker would first use 64 MB. The array must fill its buffer and belong to the caller.
 */
export function giveBack({ buffer }: Float32Array | Uint8Array): void {
  (buffer as { transfer?: (length: number) => ArrayBuffer }).transfer?.(0);
}
