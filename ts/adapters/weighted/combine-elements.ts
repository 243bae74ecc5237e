import type { WeightedSum } from "./options.js";

/** Numbers from 0 to 1; each call returns a new stream. */
export type RandomStream = () => { uniform(): number };

/**
 * Combines elements of tensors of equal size in float64, as PEFT's `merge_utils`: prunes, then sums them by weight, or with "ties" averages
 * those that have the majority's sign. NaN stays NaN.
 */
export function combineElements(
  tensors: readonly Float64Array[],
  weights: readonly number[],
  { method, density, majority }: Pick<WeightedSum, "method" | "density" | "majority">,
  random: RandomStream,
): Float64Array {
  const kept = density === 1 ? tensors : tensors.map((tensor) => prune(tensor));
  const signed = method.endsWith("ties");
  return Float64Array.from(kept[0]!, (_, i) =>
    signed ? elected(i) : kept.reduce((sum, x, t) => sum + weights[t]! * x[i]!, 0),
  );

  function prune(tensor: Float64Array): Float64Array {
    return method.startsWith("dare") ? randomPart(tensor, density, random()) : largestPart(tensor, density);
  }

  function elected(i: number): number {
    let total = 0;
    for (const tensor of kept) total += majority === "total" ? tensor[i]! : signOf(tensor[i]!);
    if (Number.isNaN(total)) return NaN;
    const sign = total >= 0 ? 1 : -1;
    let [sum, count] = [0, 0];
    kept.forEach((tensor, t) => {
      if (signOf(tensor[i]!) !== sign) return;
      sum += weights[t]! * tensor[i]!;
      count++;
    });
    return sum / Math.max(count, 1);
  }
}

const signOf = (x: number) => (x > 0 ? 1 : x < 0 ? -1 : x);

/** Keeps each element with probability `density` and divides it by that, so the expected value stays. */
function randomPart(tensor: Float64Array, density: number, stream: { uniform(): number }): Float64Array {
  return tensor.map((x) => (stream.uniform() < density ? x / density : 0 * x));
}

/** The ⌊density·n⌋ largest elements by absolute value; of equal ones the first. */
function largestPart(tensor: Float64Array, density: number): Float64Array {
  const count = Math.floor(density * tensor.length);
  // NaN sorts last, so it counts as large.
  const sizes = tensor.map(Math.abs).sort();
  if (count === 0) return tensor.map((x) => 0 * x);
  const least = sizes[tensor.length - count]!;
  const above = (x: number) => Number.isNaN(x) || Math.abs(x) > least;
  let ties = count - tensor.reduce((larger, x) => larger + Number(above(x)), 0);
  return tensor.map((x) => (above(x) || (Math.abs(x) === least && ties-- > 0) ? x : 0));
}
