import { bytes, choice, nothing, optionally, type Part, reference, sequence, text } from "../parts.js";
import {
  anyDigit,
  anyDigits,
  decimalOf,
  digit,
  digitsBeginning,
  fraction,
  fractionBetween,
  fractionFrom,
  fractionTo,
  GREATEST,
  wholesBetween,
  zeros,
} from "./digits.js";

const minus = text("-");

/** A whole number from `least` to `most`, which may be infinite: finite, and not "-0", which `JSON.stringify` never writes. */
export function integersBetween(least: number, most: number): Part {
  return signed(Math.ceil(least), Math.floor(most), 1, (from, to) =>
    wholesBetween(BigInt(from), to === Infinity ? null : BigInt(to)),
  );
}

/** A finite number from `least` to `most`, which may be infinite; without an exponent if there is a limit. RFC 8259 allows "-0". */
export function numbersBetween(least: number, most: number): Part {
  if (least === -Infinity && most === Infinity) return finiteNumber();
  return signed(least, most, 0, decimalsBetween);
}

/** @param smallest the smallest number that may follow a minus sign */
function signed(
  least: number,
  most: number,
  smallest: number,
  magnitudes: (least: number, most: number) => Part,
): Part {
  const parts: Part[] = [];
  // A limit beyond the largest number leaves none.
  if (least > most || least === Infinity || most === -Infinity) return nothing;
  if (most >= 0) parts.push(magnitudes(Math.max(least, 0), most));
  if (least <= -smallest) parts.push(sequence(minus, magnitudes(Math.max(-most, smallest), -least)));
  return choice(parts);
}

/** Numbers without a sign. */
function decimalsBetween(least: number, most: number): Part {
  const low = decimalOf(least);
  const high = most === Infinity ? null : decimalOf(most);
  const whole = (value: bigint) => text(`${value}`);
  if (low.whole === high?.whole) return sequence(whole(low.whole), fractionBetween(low.fraction, high.fraction));
  const parts = [sequence(whole(low.whole), fractionFrom(low.fraction))];
  if (high !== null) parts.push(sequence(whole(high.whole), fractionTo(high.fraction)));
  if (high === null || high.whole - low.whole > 1n)
    parts.push(sequence(wholesBetween(low.whole + 1n, high === null ? null : high.whole - 1n), optionally(fraction)));
  return choice(parts);
}

/** The next larger (`1`) or smaller (`-1`) number. */
export function neighbour(value: number, direction: 1 | -1): number {
  if (value === 0) return direction * Number.MIN_VALUE;
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  view.setBigInt64(0, view.getBigInt64(0) + BigInt(value > 0 ? direction : -direction));
  return view.getFloat64(0);
}

/** Digits before the point of numbers with an exponent above 0; `JSON.stringify` writes one. */
const MOST_BEFORE = 21;
/** Zeros behind the point that are counted for the exponent; `JSON.stringify` writes none before one. */
const MOST_ZEROS = 6;

const point = text(".");
const e = bytes([[[0x45, 0x45]], [[0x65, 0x65]]]);

/** What follows a number of digits: a rule for each, made when it is first needed. */
function byCount(name: string, part: (count: number) => Part): (count: number) => Part {
  const made = new Map<number, Part>();
  return (count) => {
    const known = made.get(count) ?? reference({ name, part: () => part(count) });
    made.set(count, known);
    return known;
  };
}

/**
 * A number of RFC 8259 that `JSON.parse` reads as finite, "-0" too. Numbers are compared with `GREATEST` by all their digits. As no
 * automaton counts without end, some finite numbers are none of its texts: an exponent above 0 behind more than 21 digits, more than 309
 * digits with an exponent that makes them small, and an exponent above 315 behind more than six zeros.
 */
function finiteNumber(): Part {
  const upTo = byCount("an exponent", exponentTo);
  const places = [...GREATEST].map(Number);
  /** Digits behind the point, after the first `count` digits of GREATEST: not above the others. */
  const below = byCount("digits", (count) => {
    if (count === MOST_BEFORE) return digitsBeginning(GREATEST.slice(count));
    const place = places[count]!;
    return choice([
      sequence(digit(place, place), optionally(below(count + 1))),
      ...(place === 0 ? [] : [sequence(digit(0, place - 1), anyDigits)]),
    ]);
  });
  const after = (count: number, exponent: Part, behind: Part, more: () => readonly Part[]) =>
    choice([sequence(optionally(behind), exponent), ...(count < MOST_BEFORE ? more() : [])]);
  /** Numbers after so many digits before the point, which may be any. */
  const any = byCount("digits", (count) =>
    after(count, upTo(308 - count), fraction, () => [sequence(anyDigit, any(count + 1))]),
  );
  /** Numbers after as many digits, which are less than GREATEST's first ones. */
  const less = byCount("digits", (count) =>
    after(count, upTo(309 - count), fraction, () => [sequence(anyDigit, less(count + 1))]),
  );
  /** Numbers after as many digits, which are GREATEST's first ones. */
  const equal = byCount("digits", (count) =>
    after(count, upTo(309 - count), sequence(point, below(count)), () => {
      const place = places[count]!;
      const same = sequence(digit(place, place), equal(count + 1));
      return place === 0 ? [same] : [same, sequence(digit(0, place - 1), less(count + 1))];
    }),
  );
  /** Numbers after "0." and so many zeros: not zeros alone. */
  const small = byCount("digits", (count) =>
    choice([
      sequence(digit(1, 9), anyDigits, upTo(308 + count)),
      sequence(digit(1, 1), optionally(below(1)), upTo(309 + count)),
      sequence(digit(0, 0), count < MOST_ZEROS ? small(count + 1) : sequence(zeros, behindZeros, upTo(309 + count))),
    ]),
  );
  const plain = choice([
    sequence(wholesBetween(1n, null), optionally(fraction)),
    sequence(text("0."), zeros, behindZeros),
  ]);
  const other = choice([
    sequence(plain, optionally(upTo(0))),
    sequence(digit(1, 9), any(1)),
    sequence(digit(1, 1), equal(1)),
    sequence(text("0."), small(0)),
  ]);
  const zero = sequence(text("0"), optionally(sequence(point, digit(0, 0), zeros)), optionally(anyExponent));
  return sequence(optionally(minus), choice([zero, other]));
}

const behindZeros = sequence(digit(1, 9), anyDigits);
const sign = bytes([[[0x2b, 0x2b]], [[0x2d, 0x2d]]]);
const anyExponent = sequence(e, optionally(sign), anyDigit, anyDigits);

/** Any exponent up to `most`, from 0. */
function exponentTo(most: number): Part {
  const below = sequence(minus, anyDigit, anyDigits);
  const above = sequence(optionally(text("+")), zeros, wholesBetween(0n, BigInt(most)));
  return sequence(e, choice([below, above]));
}
