/*
 * Elementary functions that give the same bits wherever they run: ECMAScript leaves those of `Math` to each engine, and engines
 * differ in the last digit. Made of +, −, ×, ÷ in float64 alone, which IEEE 754 and ECMAScript lay down to the bit. Within 1 ulp
 * of the true value, but where something else is said.
 */

const LN2 = Math.LN2;
/** ln 2 in two parts: the first has 32 bits, so that its product with an exponent is exact. */
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;

/** Beyond these eˣ is infinite, or below half of the smallest number. */
const [MOST, LEAST] = [709.782712893384, -745.1332191019412];

/** Σ xⁿ/(n + 2)!, which stands for (eˣ − 1 − x)/x² where x is small: written out, since a head's loss takes it a million times. */
const exponential = (x: number): number => {
  const high = (((1 / 6227020800) * x + 1 / 479001600) * x + 1 / 39916800) * x + 1 / 3628800;
  const middle = (((high * x + 1 / 362880) * x + 1 / 40320) * x + 1 / 5040) * x + 1 / 720;
  return (((middle * x + 1 / 120) * x + 1 / 24) * x + 1 / 6) * x + 1 / 2;
};

/** eˣ = 2ᵏ·eʳ with |r| ≤ ln 2 / 2. */
export function exp(x: number): number {
  if (!(x <= MOST)) return x > MOST ? Infinity : NaN;
  if (x < LEAST) return 0;
  const k = Math.round(x / LN2);
  // r and what its rounding lost.
  const high = x - k * LN2_HIGH;
  const low = k * LN2_LOW;
  const r = high - low;
  const lost = high - r - low;
  const series = exponential(r);
  return scale(1 + (r + (r * r * series + lost * (1 + r))), k);
}

/** 2/(2n + 1), highest first: of ln((1 + s)/(1 − s)) less its first term, in s². */
const ODD_RECIPROCALS = [2 / 23, 2 / 21, 2 / 19, 2 / 17, 2 / 15, 2 / 13, 2 / 11, 2 / 9, 2 / 7, 2 / 5, 2 / 3];

/** ln x = k·ln 2 + ln(1 + f) with √½ < 1 + f ≤ √2; and with s = f/(2 + f), ln(1 + f) = f − f²/2 + s·(f²/2 + R(s²)). */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : NaN;
  if (x === Infinity) return x;
  const [mantissa, k] = parts(x);
  const f = mantissa - 1;
  const s = f / (2 + f);
  const square = s * s;
  const half = 0.5 * f * f;
  const rest = s * (half + square * polynomial(ODD_RECIPROCALS, square));
  return k * LN2_HIGH - (half - (rest + k * LN2_LOW) - f);
}

/** ln(1 + x), of small x too, within 2 ulp (Kahan's: the rounding of 1 + x is divided out again). */
export function log1p(x: number): number {
  const sum = 1 + x;
  if (sum === 1 || !(sum < Infinity)) return x;
  return log(sum) * (x / (sum - 1));
}

/** (−1)ⁿ·π²ⁿ/(2n)! of cos πx, highest first, in x²; without the 1. */
const COSINE = [
  4.303069587032947e-6, -0.0001046381049248457, 0.0019295743094039231, -0.02580689139001406, 0.2353306303588932,
  -1.3352627688545895, 4.0587121264167685, -4.934802200544679,
];
/** (−1)ⁿ·π²ⁿ⁺¹/(2n + 1)! of sin πx, likewise; without π, which stands below in two parts. */
const SINE = [
  7.952054001475513e-7, -2.1915353447830217e-5, 0.00046630280576761255, -0.0073704309457143504, 0.08214588661112823,
  -0.5992645293207921, 2.5501640398773455, -5.16771278004997,
];
const PI_LOW = 1.2246467991473532e-16;

/** cos πx, within 2 ulp: exactly ±1 at whole numbers, 0 halfway between them. */
export function cosPi(x: number): number {
  // Both steps are exact.
  const turn = Math.abs(x) % 2;
  const half = turn > 1 ? 2 - turn : turn;
  return half > 0.5 ? -firstQuarter(1 - half) : firstQuarter(half);
}

/** cos πx for 0 ≤ x ≤ ½. */
function firstQuarter(x: number): number {
  if (!(x > 0.25)) return 1 + x * x * polynomial(COSINE, x * x);
  const rest = 0.5 - x;
  return rest * Math.PI + rest * (PI_LOW + rest * rest * polynomial(SINE, rest * rest));
}

function polynomial(factors: readonly number[], x: number): number {
  let sum = 0;
  for (let i = 0; i < factors.length; i++) sum = sum * x + factors[i]!;
  return sum;
}

const bits = /* @__PURE__ */ new DataView(new ArrayBuffer(8));

/** 2ᵏ of each normal number from the smallest on, made at the first use: to look one up is quicker than to put its bits together. */
let powers: Float64Array | null = null;

function powersOfTwo(): Float64Array {
  const all = new Float64Array(2046);
  all[1022] = 1;
  for (let k = 1023; k < 2046; k++) all[k] = 2 * all[k - 1]!;
  for (let k = 1021; k >= 0; k--) all[k] = all[k + 1]! / 2;
  return all;
}

/** 2ᵏ of a normal number. */
function powerOfTwo(k: number): number {
  return (powers ??= powersOfTwo())[k + 1022]!;
}

/** x·2ᵏ, rounded once. */
function scale(x: number, k: number): number {
  const first = Math.max(-969, Math.min(k, 1023));
  return first === k ? x * powerOfTwo(k) : x * powerOfTwo(first) * powerOfTwo(k - first);
}

/** x = mantissa · 2ᵏ with √½ < mantissa ≤ √2. */
function parts(x: number): [number, number] {
  // Subnormal numbers get an exponent of their own.
  const [normal, moved] = x < 2.2250738585072014e-308 ? [x * 18014398509481984, -54] : [x, 0];
  bits.setFloat64(0, normal);
  const high = bits.getUint32(0);
  const k = (high >>> 20) - 1023 + moved;
  bits.setUint32(0, (high & 0xfffff) | 0x3ff00000);
  const mantissa = bits.getFloat64(0);
  return mantissa > Math.SQRT2 ? [mantissa / 2, k + 1] : [mantissa, k];
}
