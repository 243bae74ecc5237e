import { bootstrapInterval, type Interval } from "./bootstrap.js";

/** The normal distribution's 97.5 % point. */
export const NORMAL_97_5 = 1.959963984540054;

/**
 * Wilson's 95 % interval of a proportion (1927): the proportions that are compatible with the observed one. Unlike a bootstrap's, it has a
 * width at 0 and at 1, and it holds its 95 % for few examples (Brown, Cai and DasGupta 2001).
 */
export function wilson(some: number, all: number): Interval {
  const share = some / all;
  const squared = (NORMAL_97_5 * NORMAL_97_5) / all;
  const centre = share + squared / 2;
  const half = NORMAL_97_5 * Math.sqrt((share * (1 - share)) / all + squared / (4 * all));
  const low = some === 0 ? 0 : (centre - half) / (1 + squared);
  const high = some === all ? 1 : (centre + half) / (1 + squared);
  return [low, high];
}

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
