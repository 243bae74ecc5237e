import type { Part } from "../part.js";
import { bytes, choice, nothing, optionally, sequence, text } from "../parts.js";
import {
  anyDigit,
  anyDigits,
  decimalOf,
  fraction,
  fractionBetween,
  fractionFrom,
  fractionTo,
  positive,
  wholesBetween,
} from "./digits.js";

const minus = text("-");
const sign = bytes([[[0x2b, 0x2b]], [[0x2d, 0x2d]]]);
const exponent = sequence(bytes([[[0x45, 0x45]], [[0x65, 0x65]]]), optionally(sign), anyDigit, anyDigits);

/** A whole number, "-0" too. */
const anyInteger: Part = sequence(optionally(minus), choice([text("0"), positive]));
/** A number of RFC 8259. */
const anyNumber: Part = sequence(anyInteger, optionally(fraction), optionally(exponent));

/** A whole number from `least` to `most`, which may be infinite. */
export function integersBetween(least: number, most: number): Part {
  const [low, high] = [Math.ceil(least), Math.floor(most)];
  if (low === -Infinity && high === Infinity) return anyInteger;
  return signed(low, high, (from, to) => wholesBetween(BigInt(from), to === Infinity ? null : BigInt(to)));
}

/** A number from `least` to `most`, which may be infinite; without an exponent if there is a limit. */
export function numbersBetween(least: number, most: number): Part {
  if (least === -Infinity && most === Infinity) return anyNumber;
  return signed(least, most, decimalsBetween);
}

function signed(least: number, most: number, magnitudes: (least: number, most: number) => Part): Part {
  const parts: Part[] = [];
  // A limit beyond the largest number leaves none.
  if (least > most || least === Infinity || most === -Infinity) return nothing;
  if (most >= 0) parts.push(magnitudes(Math.max(least, 0), most));
  if (least <= 0) parts.push(sequence(minus, magnitudes(Math.max(-most, 0), -least)));
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
