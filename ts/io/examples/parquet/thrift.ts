import { PageProblem } from "./runs.js";

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
