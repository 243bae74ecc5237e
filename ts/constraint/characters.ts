/** A set of Unicode characters: ranges of code points `[first, last]`, ascending and apart from each other. */
export type Characters = readonly (readonly [number, number])[];

/** Largest code point. */
const LAST = 0x10ffff;
/** Surrogates: code points that UTF-8 does not have. */
const SURROGATES = [0xd800, 0xdfff] as const;

/** Any character. */
export const anyCharacter: Characters = [
  [0, SURROGATES[0] - 1],
  [SURROGATES[1] + 1, LAST],
];

/** The set of some ranges in any order, which may overlap. */
export function charactersOf(ranges: Iterable<readonly [number, number]>): Characters {
  const sorted = [...ranges].sort((a, b) => a[0] - b[0]);
  const joined: [number, number][] = [];
  for (const [first, last] of sorted) {
    const before = joined.at(-1);
    if (before !== undefined && first <= before[1] + 1) before[1] = Math.max(before[1], last);
    else joined.push([first, last]);
  }
  return joined;
}

/** The characters in both sets. */
export function both(a: Characters, b: Characters): Characters {
  const common: [number, number][] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    const [first, last] = [Math.max(a[i]![0], b[j]![0]), Math.min(a[i]![1], b[j]![1])];
    if (first <= last) common.push([first, last]);
    if (a[i]![1] < b[j]![1]) i++;
    else j++;
  }
  return common;
}

/** The characters that are not in the set. */
export function others(set: Characters): Characters {
  const rest: [number, number][] = [];
  let next = 0;
  for (const [first, last] of set) {
    if (first > next) rest.push([next, first - 1]);
    next = last + 1;
  }
  if (next <= LAST) rest.push([next, LAST]);
  return both(rest, anyCharacter);
}

/** A range of bytes `[first, last]`. */
export type ByteRange = readonly [number, number];

/** The UTF-8 of a set of characters: sequences of one to four ranges of bytes. */
export function utf8Of(set: Characters): ByteRange[][] {
  const sequences: ByteRange[][] = [];
  for (const [first, last] of both(set, anyCharacter)) split(first, last, sequences);
  return sequences;
}

/** Splits a range of code points where lengths differ, and where the bytes after the first are not a full range. */
function split(first: number, last: number, into: ByteRange[][]): void {
  for (const most of [0x7f, 0x7ff, 0xffff])
    if (first <= most && most < last) {
      split(first, most, into);
      split(most + 1, last, into);
      return;
    }
  for (let bits = 6; last > 0x7f && bits <= 18; bits += 6) {
    const low = (1 << bits) - 1;
    if ((first & ~low) === (last & ~low)) continue;
    const middle = (first & low) !== 0 ? (first | low) + 1 : (last & low) !== low ? last & ~low : null;
    if (middle === null) continue;
    split(first, middle - 1, into);
    split(middle, last, into);
    return;
  }
  const [from, to] = [bytesOf(first), bytesOf(last)];
  into.push(from.map((byte, i) => [byte, to[i]!]));
}

/** The UTF-8 of one code point. */
function bytesOf(code: number): number[] {
  if (code <= 0x7f) return [code];
  const bytes: number[] = [];
  let [rest, room] = [code, 0x3f];
  do {
    bytes.unshift(0x80 | (rest & 0x3f));
    rest >>= 6;
    room >>= 1;
  } while (rest > room);
  return [((~room & 0x7f) << 1) | rest, ...bytes].map((byte) => byte & 0xff);
}
