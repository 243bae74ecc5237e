import {
  anyTimes,
  bytes,
  choice,
  optionally,
  type Part,
  reference,
  repeated,
  type Rule,
  sequence,
  text,
} from "../parts.js";

/** The byte of "0". */
const ZERO = 0x30;

/** A digit from `first` to `last`. */
export const digit = (first: number, last: number) => bytes([[[ZERO + first, ZERO + last]]]);

/** Any digit. */
export const anyDigit = digit(0, 9);
/** Any number of digits. */
export const anyDigits = anyTimes(anyDigit);
/** A point and digits. */
export const fraction = sequence(text("."), anyDigit, anyDigits);
const zero = text("0");
/** Any number of zeros. */
export const zeros = anyTimes(zero);

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

/** Largest whole number that `JSON.parse` reads as a finite one: from half a unit above `Number.MAX_VALUE` on it reads Infinity. */
export const GREATEST = `${2n ** 1024n - 2n ** 970n - 1n}`;

/** Numbers with as many digits as `GREATEST`, up to it: one rule, so that all numbers of a format share its states. */
const longest: Rule = {
  name: "a number of 309 digits",
  part: () => sameLength(`1${"0".repeat(GREATEST.length - 1)}`, GREATEST),
};

/** Whole numbers from `low` to `high`; null for the largest finite one. */
export function wholesBetween(low: bigint, high: bigint | null): Part {
  const [first, last] = [`${low}`, high === null ? GREATEST : `${high}`];
  if (first.length === last.length) return sameLength(first, last);
  const parts = [
    sameLength(first, "9".repeat(first.length)),
    high === null ? reference(longest) : sameLength(`1${"0".repeat(last.length - 1)}`, last),
  ];
  if (last.length - first.length > 1)
    parts.push(sequence(digit(1, 9), repeated(anyDigit, first.length, last.length - 2)));
  return choice(parts);
}

/** A state from which digits are read, and whether those before are the first ones of the lowest and of the highest number. */
interface DigitState {
  readonly state: number;
  readonly isLow: boolean;
  readonly isHigh: boolean;
}

/** Digits from `low` to `high`, of the same length: up to three states for each place. */
function sameLength(low: string, high: string): Part {
  return {
    size: 3 * low.length,
    build(to, from) {
      // By the number of digits that follow, which may be any.
      const free = [to.state()];
      const freeBefore = (count: number) => {
        for (let state; free.length <= count; free.push(state)) {
          state = to.state();
          to.move(state, ZERO, ZERO + 9, free.at(-1)!);
        }
        return free[count]!;
      };
      let states: readonly DigitState[] = [{ state: from, isLow: true, isHigh: true }];
      for (let place = 0; place < low.length; place++) {
        const next: DigitState[] = [];
        const [lower, upper] = [low.slice(place + 1), high.slice(place + 1)];
        const add = (from: number, first: number, last: number, atLow: boolean, atHigh: boolean) => {
          if (first > last) return;
          // A limit that leaves any digits is none.
          const [isLow, isHigh] = [atLow && /[1-9]/.test(lower), atHigh && /[0-8]/.test(upper)];
          const state = isLow || isHigh ? to.state() : freeBefore(lower.length);
          to.move(from, ZERO + first, ZERO + last, state);
          if (isLow || isHigh) next.push({ state, isLow, isHigh });
        };
        for (const { state, isLow, isHigh } of states) {
          const [first, last] = [isLow ? Number(low[place]) : 0, isHigh ? Number(high[place]) : 9];
          const isOne = isLow && isHigh && first === last;
          if (isLow) add(state, first, first, true, isOne);
          if (isHigh && !isOne) add(state, last, last, false, true);
          add(state, first + (isLow ? 1 : 0), last - (isHigh ? 1 : 0), false, false);
        }
        states = next;
      }
      return free[0]!;
    },
  };
}

/** One digit or more, of which the first ones, zeros added, are at most `high`: any may follow. */
export function digitsBeginning(high: string): Part {
  return {
    size: high.length + 2,
    build(to, from) {
      const [rest, end] = [to.state(), to.state()];
      to.move(rest, ZERO, ZERO + 9, rest);
      to.free(rest, end);
      let at = from;
      for (const last of high) {
        const code = ZERO + Number(last);
        const next = to.state();
        to.move(at, code, code, next);
        to.free(next, end);
        if (code > ZERO) to.move(at, ZERO, code - 1, rest);
        at = next;
      }
      to.move(at, ZERO, ZERO + 9, rest);
      return end;
    },
  };
}

/** What may follow the whole part so that the fraction is at least `low`. */
export const fractionFrom = (low: string): Part =>
  low === "" ? optionally(fraction) : sequence(text("."), digitsFrom(low));

/** What may follow the whole part so that the fraction is at most `high`. */
export const fractionTo = (high: string): Part => optionally(sequence(text("."), digitsTo(high)));

/** What may follow the whole part so that the fraction is from `low` to `high`. */
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
