import { clip } from "../../../errors/excerpt.js";

/** What is wrong with a page, for the reader to name. */
export class PageProblem extends Error {}

/** What an error of the library says, after a colon; nothing where it is JavaScript's own, which speaks of the library's code and not of the file. */
export const reasonOf = (cause: unknown): string =>
  cause instanceof TypeError || cause instanceof RangeError ? "" : `: ${clip(String(cause))}`;

/** A name that the library has for a number of the file, which may be none that it knows. */
export const known = (name: string | undefined): string => name ?? "(unknown)";

/**
 * Walks over values in Parquet's hybrid of runs and packed bits, and checks that there are exactly `count` of them: a run may
 * claim any number, and would be written out before anybody asks. Gives the place behind them.
 * @param bytes of the page; @param start where the values begin; @param width bits of a value
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
    // Packed values come in eights, the last of which may be more than there are.
    if (units === 0 || values > count - seen + (isPacked ? 7 : 0)) throw new PageProblem(`a run of ${values} values where ${count - seen} are left`);
    at += isPacked ? units * width : Math.ceil(width / 8);
    seen += values;
  }
  if (at > bytes.length) throw new PageProblem("runs that end behind the page");
  return at;
}

/**
 * Checks that values in runs that `checkRuns` has checked are all below `limit`: an index beyond a dictionary would be read as a missing
 * value, or as 0.
 * @throws `PageProblem`
 */
export function checkBelow(bytes: Uint8Array, start: number, width: number, count: number, limit: number): void {
  let [at, seen] = [start, 0];
  /** A value of `width` bits, its least first. */
  const valueAt = (bit: number) => {
    let [value, done] = [0, 0];
    while (done < width) {
      const taken = Math.min(8 - ((bit + done) % 8), width - done);
      const byte = bytes[at + Math.floor((bit + done) / 8)]!;
      value += ((byte >> (bit + done) % 8) & (2 ** taken - 1)) * 2 ** done;
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
