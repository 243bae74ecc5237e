import { excerpt } from "../../errors/excerpt.js";

/** Thrown if a value extends beyond the bytes read so far: more must be read first. */
export class Exhausted extends Error {
  constructor(
    /** Bytes from the start of the file that the value takes at least. */
    readonly needed: number,
  ) {
    super("more bytes are needed");
  }
}

/** Little-endian values one after another, from the first bytes of a file. */
export class Cursor {
  offset = 0;
  /** Lists that were read. */
  lists = 0;
  private readonly view: DataView;
  private readonly decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

  /** `size`: bytes of the whole file; `fail` creates the error for a value beyond them. */
  constructor(
    private readonly bytes: Uint8Array,
    readonly size: number,
    private readonly fail: (problem: string) => Error,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Bytes of the file that are left. */
  get left(): number {
    return this.size - this.offset;
  }

  /** Advances by `length` bytes and returns their start. */
  take(length: number, what: string): number {
    const start = this.offset;
    if (length > this.left) throw this.fail(`${what} takes ${length} bytes, ${this.left} are left: it is cut short`);
    if (start + length > this.bytes.byteLength) throw new Exhausted(start + length);
    this.offset = start + length;
    return start;
  }

  u32(what: string): number {
    return this.view.getUint32(this.take(4, what), true);
  }

  /** A number of 64 bits that counts something. */
  count(what: string): number {
    const value = this.view.getBigUint64(this.take(8, what), true);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.fail(`${what} is ${value}, more than any file holds`);
    return Number(value);
  }

  /** How many things follow, each of which takes `least` bytes or more. */
  counted(what: string, least: number): number {
    const count = this.count(what);
    if (count > this.left / least)
      throw this.fail(`${what} is ${count}, more than the ${this.left} bytes left can hold`);
    return count;
  }

  /** A string: its length, then UTF-8. */
  string(what: string): string {
    const length = this.count(`the length of ${what}`);
    const start = this.take(length, what);
    if (length < 32) {
      let text = "";
      let i = start;
      for (; i < start + length && this.bytes[i]! < 0x80; i++) text += String.fromCharCode(this.bytes[i]!);
      // Most are short and ASCII, and a call of the decoder takes longer than those.
      if (i === start + length) return text;
    }
    try {
      return this.decoder.decode(this.bytes.subarray(start, start + length));
    } catch {
      throw this.fail(`${what} is not UTF-8`);
    }
  }

  /** A copy of bytes, at the start of a new buffer. */
  copy(length: number, what: string): ArrayBuffer {
    const start = this.take(length, what);
    return new Uint8Array(this.bytes.subarray(start, start + length)).buffer;
  }

  /** A scalar by one of DataView's methods. */
  scalar<T>(length: number, what: string, read: (view: DataView, at: number) => T): T {
    return read(this.view, this.take(length, what));
  }
}

/** A list of numbers, in the file's type. */
export type GgufNumbers =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array
  | BigUint64Array
  | BigInt64Array;

/** A metadata value. 64-bit integers are bigints if a number would not be exact. */
export type GgufValue = number | bigint | boolean | string | GgufNumbers | readonly GgufValue[];

interface NumberType {
  readonly bytes: number;
  readonly read: (view: DataView, at: number) => number | bigint;
  readonly list: new (buffer: ArrayBuffer) => GgufNumbers;
}

const exact = (value: bigint) => (value >= -(2n ** 53n) + 1n && value <= 2n ** 53n - 1n ? Number(value) : value);

/** Types by their numbers in the format. */
const numbers: ReadonlyMap<number, NumberType> = new Map<number, NumberType>([
  [0, { bytes: 1, read: (view, at) => view.getUint8(at), list: Uint8Array }],
  [1, { bytes: 1, read: (view, at) => view.getInt8(at), list: Int8Array }],
  [2, { bytes: 2, read: (view, at) => view.getUint16(at, true), list: Uint16Array }],
  [3, { bytes: 2, read: (view, at) => view.getInt16(at, true), list: Int16Array }],
  [4, { bytes: 4, read: (view, at) => view.getUint32(at, true), list: Uint32Array }],
  [5, { bytes: 4, read: (view, at) => view.getInt32(at, true), list: Int32Array }],
  [6, { bytes: 4, read: (view, at) => view.getFloat32(at, true), list: Float32Array }],
  [10, { bytes: 8, read: (view, at) => exact(view.getBigUint64(at, true)), list: BigUint64Array }],
  [11, { bytes: 8, read: (view, at) => exact(view.getBigInt64(at, true)), list: BigInt64Array }],
  [12, { bytes: 8, read: (view, at) => view.getFloat64(at, true), list: Float64Array }],
]);
const [BOOL, STRING, ARRAY] = [7, 8, 9];

/** Maximum nesting of lists; real files have none in lists. */
const MOST_NESTED = 4;
/** Maximum number of lists: an empty one of 12 bytes takes several hundred in memory. Real files have about ten. */
const MOST_LISTS = 1 << 16;
/** Maximum number of booleans in a list: each takes a byte in the file, eight in memory. Real files have one for each layer. */
const MOST_TRUTHS = 1 << 20;

type Failure = (problem: string) => Error;

/** A value of any type, with the number of its type before it. */
export function readValue(cursor: Cursor, key: string, fail: Failure): GgufValue {
  return valueOf(cursor, cursor.u32(`the type of ${key}`), key, fail, 0);
}

function valueOf(cursor: Cursor, type: number, key: string, fail: Failure, depth: number): GgufValue {
  const number = numbers.get(type);
  if (number !== undefined) return cursor.scalar(number.bytes, key, number.read);
  if (type === BOOL) return truth(cursor, key, fail);
  if (type === STRING) return cursor.string(key);
  if (type === ARRAY) return listOf(cursor, key, fail, depth + 1);
  throw fail(`${key} has a value of type ${type}; types are 0 to 12`);
}

function truth(cursor: Cursor, key: string, fail: Failure): boolean {
  const value = cursor.scalar(1, key, (view, at) => view.getUint8(at));
  if (value > 1) throw fail(`${key} must be 0 or 1, got ${value}`);
  return value === 1;
}

function listOf(cursor: Cursor, key: string, fail: Failure, depth: number): GgufValue {
  if (depth > MOST_NESTED) throw fail(`${key} has lists nested more than ${MOST_NESTED} deep`);
  if (++cursor.lists > MOST_LISTS) throw fail(`its metadata has more than the ${MOST_LISTS} lists that are read`);
  const type = cursor.u32(`the type of ${key}`);
  const number = numbers.get(type);
  const least = number?.bytes ?? (type === BOOL ? 1 : type === STRING ? 8 : 12);
  if (number === undefined && type !== BOOL && type !== STRING && type !== ARRAY)
    throw fail(`${key} has a list of type ${type}; types are 0 to 12`);
  const count = cursor.counted(`the length of ${key}`, least);
  if (type === BOOL && count > MOST_TRUTHS)
    throw fail(`${key} has ${count} truth values; at most ${MOST_TRUTHS} are read`);
  if (number !== undefined) return new number.list(cursor.copy(count * number.bytes, key));
  const values: GgufValue[] = [];
  for (let i = 0; i < count; i++) values.push(valueOf(cursor, type, key, fail, depth));
  return values;
}

/** A key of the metadata, for messages. */
export const keyName = (key: string) => `metadata ${excerpt(key, 80)}`;
