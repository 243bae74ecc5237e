import { breather } from "../../waiting/next-task.js";
import { type Interval, middle95, resample } from "./bootstrap.js";

/**
 * The 95 % interval of a mean: percentiles of a bootstrap over the values. Undefined for no values. Rejects with `AbortError` if `signal` is
 * aborted.
 */
export async function meanInterval(
  values: readonly number[],
  signal: AbortSignal | undefined,
): Promise<Interval | undefined> {
  if (values.length === 0) return undefined;
  const breathe = breather(signal);
  const means: number[] = [];
  const ones = values.map(() => 1);
  for (const drawn of resample(ones, { resamples: 1000, seed: 0 })) {
    await breathe();
    means.push(values.reduce((sum, value, i) => sum + value * drawn[i]!, 0) / values.length);
  }
  return middle95(Float64Array.from(means));
}
