import { bootstrapInterval, type Interval } from "./bootstrap.js";

/**
 * The 95 % interval of a mean: percentiles of a bootstrap over the values. Undefined for no values. Rejects with `AbortError` if `signal` is
 * aborted.
 */
export async function meanInterval(
  values: readonly number[],
  signal: AbortSignal | undefined,
): Promise<Interval | undefined> {
  if (values.length === 0) return undefined;
  const meanOf = (drawn: Float64Array) => values.reduce((sum, value, i) => sum + value * drawn[i]!, 0) / values.length;
  return bootstrapInterval(
    values.map(() => 1),
    meanOf,
    signal,
  );
}
