import type { Spread } from "./data-summary.js";

/** Distribution of numbers (nearest ranks); zeros for an empty list. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  const sum = sorted.reduce((total, value) => total + value, 0);
  const mean = sum / Math.max(1, sorted.length);
  return { min: at(0), median: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1), mean };
}
