import type { Numbers } from "./program.js";
import { Random } from "./random.js";

const ODD = [NaN, Infinity, -Infinity, -0, 0, 1e-45, 1e-38, 3e38, -3e38, 1e20, 65504, 1];

/**
 * Of these, those that all devices compute with alike: a GPU may take subnormal numbers for 0 and −0 for 0, and sums of the largest ones
 * overflow in one order and not in another.
 */
const PORTABLE = [NaN, Infinity, -Infinity, 0, 1e20, 65504, 1];

/** The elements of a leaf. */
export function elements(count: number, { seed, low, high, wild }: Numbers): Float32Array<ArrayBuffer> {
  const random = new Random(seed);
  return Float32Array.from({ length: count }, () => {
    if (wild && random.chance(0.3)) return random.pick(wild === "portable" ? PORTABLE : ODD);
    return low + (high - low) * random.unit();
  });
}
