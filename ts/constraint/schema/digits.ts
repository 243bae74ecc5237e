import type { Part } from "../part.js";
import { anyTimes, bytes, choice, empty, optionally, repeated, sequence, text } from "../parts.js";

/** A digit from `first` to `last`. */
const digit = (first: number, last: number) => bytes([[[0x30 + first, 0x30 + last]]]);

/** Any digit. */
export const anyDigit = digit(0, 9);
/** Any number of digits. */
export const anyDigits = anyTimes(anyDigit);
/** A whole number above 0 without a sign. */
export const positive = sequence(digit(1, 9), anyDigits);
/** A point and digits. */
export const fraction = sequence(text("."), anyDigit, anyDigits);
const zero = text("0");
const zeros = anyTimes(zero);

/** A number without a sign: its whole part, and the digits behind the point without zeros at the end. */
export interface Decimal {
  readonly whole: bigint;
  readonly fraction: string;
}

/** The shortest decimal of a number from 0. */
export function decimalOf(value: number): Decimal {
  const [, before, behind = "", power = "0"] = /^(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value))!;
  const digits = before! + behind;
  const point = before!.length + Number(power);
  const padded = point <= 0 ? "0".repeat(1 - point) + digits : digits.padEnd(point, "0");
  const place = Math.max(point, 1);
  return { whole: BigInt(padded.slice(0, place)), fraction: padded.slice(place).replace(/0+$/, "") };
}

/** Whole numbers from `low` to `high`, null for no limit. */
export function wholesBetween(low: bigint, high: bigint | null): Part {
  const [first, last] = [`${low}`, high === null ? "9".repeat(`${low}`.length) : `${high}`];
  const parts: Part[] = [];
  if (first.length === last.length) parts.push(sameLength(first, last));
  else {
    parts.push(sameLength(first, "9".repeat(first.length)), sameLength(`1${"0".repeat(last.length - 1)}`, last));
    if (last.length - first.length > 1)
      parts.push(sequence(digit(1, 9), repeated(anyDigit, first.length, last.length - 2)));
  }
  if (high === null) parts.push(sequence(digit(1, 9), repeated(anyDigit, first.length, Infinity)));
  return choice(parts);
}

/** Digits from `low` to `high`, of the same length. */
function sameLength(low: string, high: string): Part {
  if (low === "") return empty;
  if (/^0+$/.test(low) && /^9+$/.test(high)) return repeated(anyDigit, low.length, low.length);
  const [first, last, lower, upper] = [Number(low[0]), Number(high[0]), low.slice(1), high.slice(1)];
  if (first === last) return sequence(digit(first, first), sameLength(lower, upper));
  const parts = [
    sequence(digit(first, first), sameLength(lower, "9".repeat(lower.length))),
    sequence(digit(last, last), sameLength("0".repeat(upper.length), upper)),
  ];
  const middle = repeated(anyDigit, lower.length, lower.length);
  if (last - first > 1) parts.push(sequence(digit(first + 1, last - 1), middle));
  return choice(parts);
}

/** What may follow the whole part so that the fraction is at least `low`. */
export const fractionFrom = (low: string): Part =>
  low === "" ? optionally(fraction) : sequence(text("."), digitsFrom(low));

/** The same for at most `high`. */
export const fractionTo = (high: string): Part => optionally(sequence(text("."), digitsTo(high)));

/** The same for both. */
export const fractionBetween = (low: string, high: string): Part =>
  low === "" ? fractionTo(high) : sequence(text("."), digitsBetween(low, high));

function digitsFrom(low: string): Part {
  if (low === "") return anyDigits;
  // Hundreds for the least number above 0: repetitions, not a state for each.
  const ahead = /^0*/.exec(low)![0].length;
  if (ahead > 1)
    return choice([
      sequence(repeated(zero, 0, ahead - 1), digit(1, 9), anyDigits),
      sequence(repeated(zero, ahead, ahead), digitsFrom(low.slice(ahead))),
    ]);
  const first = Number(low[0]);
  const same = sequence(digit(first, first), digitsFrom(low.slice(1)));
  return first === 9 ? same : choice([same, sequence(digit(first + 1, 9), anyDigits)]);
}

/** One digit at least. */
function digitsTo(high: string): Part {
  if (high === "") return sequence(text("0"), zeros);
  const first = Number(high[0]);
  const same = sequence(digit(first, first), restTo(high.slice(1)));
  return first === 0 ? same : choice([same, sequence(digit(0, first - 1), anyDigits)]);
}

const restTo = (high: string) => (high === "" ? zeros : optionally(digitsTo(high)));

function digitsBetween(low: string, high: string): Part {
  if (low === "") return restTo(high);
  const [first, last, lower, upper] = [Number(low[0]), Number(high[0]), low.slice(1), high.slice(1)];
  if (first === last) return sequence(digit(first, first), digitsBetween(lower, upper));
  const parts = [sequence(digit(first, first), digitsFrom(lower)), sequence(digit(last, last), restTo(upper))];
  if (last - first > 1) parts.push(sequence(digit(first + 1, last - 1), anyDigits));
  return choice(parts);
}
