import { exp, log, log1p } from "../values/elementary.js";
import type { Philox } from "./philox.js";

/** Mean from which rejection takes fewer steps than inversion. */
const LARGE_MEAN = 10;

/** The number of successes in `n` trials, each with probability `p`: exact, in time that does not grow with `n`. */
export function binomial(random: Philox, n: number, p: number): number {
  if (n === 0 || p <= 0) return 0;
  if (p >= 1) return n;
  if (p > 0.5) return n - binomial(random, n, 1 - p);
  return n * p < LARGE_MEAN ? countedUp(random, n, p) : rejected(random, n, p);
}

/** Inversion: adds probabilities until they exceed a uniform number. */
function countedUp(random: Philox, n: number, p: number): number {
  const odds = p / (1 - p);
  const least = exp(n * log1p(-p));
  for (;;) {
    let rest = random.uniform();
    let probability = least;
    // Rounding may leave a small rest beyond the last value: draw again.
    for (let successes = 0; successes <= n; successes++) {
      if (rest <= probability) return successes;
      rest -= probability;
      probability *= (odds * (n - successes)) / (successes + 1);
    }
  }
}

/** Hörmann's BTRS: transformed rejection with squeeze ("The generation of binomial random variates", 1993). */
function rejected(random: Philox, n: number, p: number): number {
  const deviation = Math.sqrt(n * p * (1 - p));
  const b = 1.15 + 2.53 * deviation;
  const a = -0.0873 + 0.0248 * b + 0.01 * p;
  const centre = n * p + 0.5;
  const squeeze = 0.92 - 4.2 / b;
  for (;;) {
    const u = random.uniform() - 0.5;
    const v = random.uniform();
    const edge = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / edge + b) * u + centre);
    if (edge >= 0.07 && v <= squeeze) return k;
    if (k < 0 || k > n) continue;
    const odds = p / (1 - p);
    const mode = Math.floor((n + 1) * p);
    const alpha = (2.83 + 5.1 / b) * deviation;
    const density =
      (mode + 0.5) * log((mode + 1) / (odds * (n - mode + 1))) +
      (n + 1) * log((n - mode + 1) / (n - k + 1)) +
      (k + 0.5) * log((odds * (n - k + 1)) / (k + 1)) +
      (stirlingTail(mode) + stirlingTail(n - mode) - stirlingTail(k) - stirlingTail(n - k));
    if (log((v * alpha) / (a / (edge * edge) + b)) <= density) return k;
  }
}

const FIRST_TAILS = [
  0.0810614667953272, 0.0413406959554092, 0.0276779256849983, 0.020790672103765, 0.0166446911898211, 0.0138761288230707,
  0.0118967099458917, 0.010411265261972, 0.0092554621827127, 0.0083305634333628,
];

/** ln k! minus Stirling's formula for it. */
function stirlingTail(k: number): number {
  if (k < FIRST_TAILS.length) return FIRST_TAILS[k]!;
  const square = (k + 1) * (k + 1);
  return (1 / 12 - (1 / 360 - 1 / 1260 / square) / square) / (k + 1);
}
