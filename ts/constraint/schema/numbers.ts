import { choice, nothing, optionally, type Part, sequence, text } from "../parts.js";
import { decimalOf, fraction, fractionBetween, fractionFrom, fractionTo, wholesBetween } from "./digits.js";
import { finiteNumber } from "./finite-number.js";

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
