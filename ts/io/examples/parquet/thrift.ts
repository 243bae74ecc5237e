import { clip } from "../../../errors/excerpt.js";

/** Types of Thrift's compact protocol. */
const [STOP, TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, STRUCT] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12];
/** Parquet's own structures are fewer levels deep. */
const DEPTH = 32;
/** Bytes of the longest integer, of 64 bits. */
const LONGEST = 10;

/**
 * Checks a structure in Thrift's compact protocol before the library reads it: that its numbers have at most 64 bits, which the library joins in quadratic time, and that
 * its lists, for which the library makes room at once, and texts are within the bytes. Returns the offset after it.
 * @throws `PageProblem`
 */
export function checkStruct(bytes: Uint8Array, start: number): number {
  let at = start;
  const next = () => {
    if (at >= bytes.length) throw new PageProblem("a header that is cut");
    return bytes[at++]!;
  };
  const number = () => {
    let value = 0;
    for (let i = 0; i < LONGEST; i++) {
      const byte = next();
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return value;
    }
    throw new PageProblem("a header with a number of more than 64 bits");
  };
  /** Checks that so many bytes, or entries of a byte at least, are left. */
  const within = (count: number) => {
    if (count > bytes.length - at)
      throw new PageProblem(`a header that claims ${count} bytes or entries where ${bytes.length - at} are left`);
    return count;
  };
  const skip = (count: number) => void (at += within(count));
  const element = (type: number, depth: number): void => {
    if (depth > DEPTH) throw new PageProblem("a header of too many levels");
    switch (type) {
      case TRUE:
      case FALSE:
        return;
      case BYTE:
        return skip(1);
      case I16:
      case I32:
      case I64:
        return void number();
      case DOUBLE:
        return skip(8);
      case BINARY:
        return skip(number());
      case LIST: {
        const head = next();
        const count = within(head >> 4 === 15 ? number() : head >> 4);
        const kind = head & 15;
        for (let i = 0; i < count; i++) element(kind === TRUE || kind === FALSE ? BYTE : kind, depth + 1);
        return;
      }
      case STRUCT:
        return structure(depth + 1);
      default:
        throw new PageProblem(`a header with a value of the unknown type ${type}`);
    }
  };
  const structure = (depth: number): void => {
    for (;;) {
      const head = next();
      if ((head & 15) === STOP) return;
      if (head >> 4 === 0) number();
      element(head & 15, depth);
    }
  };
  structure(0);
  return at;
}

/** A problem of a page, for the reader's message. */
export class PageProblem extends Error {}

/**
 * The message of a library's error, after a colon; empty for JavaScript's own errors, which describe the library's code and not the file.
 */
export const reasonOf = (cause: unknown): string =>
  cause instanceof TypeError || cause instanceof RangeError ? "" : `: ${clip(String(cause))}`;

/** The library's name for a number in the file, or the number if it has none. */
export const known = (name: string | undefined): string => name ?? "(unknown)";

/**
 * Checks that values in Parquet's hybrid of runs and packed bits are exactly `count`: a run may claim any number, and the library would
 * expand it without a check. Returns the offset after them.
 * @param bytes of the page; @param start offset of the values; @param width bits of a value
 * @throws `PageProblem`
 */
export function checkRuns(bytes: Uint8Array, start: number, width: number, count: number): number {
  if (width > 32) throw new PageProblem(`values of ${width} bits`);
  let [at, seen] = [start, 0];
  while (seen < count) {
    let header = 0;
    for (let shift = 0; ; shift += 7) {
      if (at >= bytes.length || shift > 28) throw new PageProblem("runs that do not end");
      const byte = bytes[at++]!;
      header += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    const units = Math.floor(header / 2);
    const isPacked = header % 2 === 1;
    const values = isPacked ? units * 8 : units;
    // Packed values come in groups of eight; the last group may be incomplete.
    if (units === 0 || values > count - seen + (isPacked ? 7 : 0))
      throw new PageProblem(`a run of ${values} values where ${count - seen} are left`);
    at += isPacked ? units * width : Math.ceil(width / 8);
    seen += values;
  }
  if (at > bytes.length) throw new PageProblem("runs that end beyond the page");
  return at;
}

/**
 * Checks that all values in runs that `checkRuns` has checked are below `limit`: the library would read an index beyond the dictionary as a
 * missing value, or as 0.
 * @throws `PageProblem`
 */
export function checkBelow(bytes: Uint8Array, start: number, width: number, count: number, limit: number): void {
  let [at, seen] = [start, 0];
  /** A value of `width` bits, least significant first. */
  const valueAt = (bit: number) => {
    let [value, done] = [0, 0];
    while (done < width) {
      const taken = Math.min(8 - ((bit + done) % 8), width - done);
      const byte = bytes[at + Math.floor((bit + done) / 8)]!;
      value += ((byte >> ((bit + done) % 8)) & (2 ** taken - 1)) * 2 ** done;
      done += taken;
    }
    return value;
  };
  const check = (value: number) => {
    if (value >= limit) throw new PageProblem(`the dictionary index ${value} where its dictionary has ${limit} values`);
  };
  while (seen < count) {
    let header = 0;
    for (let shift = 0, byte = 0x80; byte >= 0x80; shift += 7) {
      byte = bytes[at++]!;
      header += (byte & 0x7f) * 2 ** shift;
    }
    const units = Math.floor(header / 2);
    if (header % 2 === 0) {
      check(valueAt(0));
      at += Math.ceil(width / 8);
      seen += units;
      continue;
    }
    for (let i = 0; i < units * 8 && seen < count; i++, seen++) check(valueAt(i * width));
    at += units * width;
  }
}
