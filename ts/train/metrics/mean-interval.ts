import { Philox } from "../../nn/philox.js";
import { breather } from "../../waiting/next-task.js";
import { type Interval, middle95 } from "./bootstrap.js";

const RESAMPLES = 1000;

/**
 * The 95 % interval of a mean: percentiles of a bootstrap over the values. Undefined for no values. Rejects with `AbortError` if `signal` is
 * aborted.
 */
export async function meanInterval(
  values: readonly number[],
  signal: AbortSignal | undefined,
): Promise<Interval | undefined> {
  const { length } = values;
  if (length === 0) return undefined;
  const breathe = breather(signal);
  const means = new Float64Array(RESAMPLES);
  for (let sample = 0; sample < RESAMPLES; sample++) {
    await breathe();
    const random = new Philox(0, sample);
    let total = 0;
    for (let i = 0; i < length; i++) total += values[Math.floor(random.uniform() * length)]!;
    means[sample] = total / length;
  }
  return middle95(means);
}
