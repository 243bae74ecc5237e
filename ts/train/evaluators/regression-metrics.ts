import { Philox } from "../../nn/random.js";
import { breather } from "../../waiting/next-task.js";
import { type Interval, middle95 } from "../metrics/bootstrap.js";
import { finiteNumbers, mean, notEmpty, type NumberList, sameLength } from "./number-lists.js";
import { similarityMetrics } from "./similarity-metrics.js";

/** How well numbers are predicted; errors in the unit of the targets. */
export interface RegressionMetrics {
  /** Pearson's correlation of the ranks, −1 to 1 (Spearman); equal numbers have their mean rank. 0 if all targets or all predictions are equal. */
  readonly spearman: number;
  /** Pearson's correlation, −1 to 1; 0 if all targets or all predictions are equal. */
  readonly pearson: number;
  /** Root of the mean squared error. */
  readonly rmse: number;
  /** Mean absolute error. */
  readonly mae: number;
  /** 1 − squared error over squared distance from the mean. If all targets are equal: 1 if all predictions are right, else 0. */
  readonly r2: number;
}

/** The metrics, in the order in which they are shown. */
export const REGRESSION_METRICS = [
  "spearman",
  "pearson",
  "rmse",
  "mae",
  "r2",
] as const satisfies readonly (keyof RegressionMetrics)[];

/** Samples of the bootstrap. */
const RESAMPLES = 1000;

/**
 * Measures predictions, one for each target, as scikit-learn and SciPy do.
 *
 * Throws `ShapeError` for lists of unlike lengths, `ConfigError` for none and for numbers that are not finite.
 *
 * @example
 * regressionMetrics([2.5, 0, 2], [3, -0.5, 2]).rmse; // 0.408…
 */
export function regressionMetrics(predictions: NumberList, targets: NumberList): RegressionMetrics {
  const what = "regressionMetrics";
  const predicted = finiteNumbers(what, "predictions", predictions);
  const wanted = finiteNumbers(what, "targets", targets);
  sameLength(what, "predictions", "targets", [predicted.length, wanted.length]);
  notEmpty(what, "targets", wanted.length);
  const { pearson, spearman } = similarityMetrics(predicted, wanted);
  const errors = wanted.map((target, i) => predicted[i]! - target);
  const squared = mean(errors.map((error) => error * error));
  const middle = mean(wanted);
  const variance = mean(wanted.map((target) => (target - middle) * (target - middle)));
  // The mean of equal targets is rounded, and may be another number.
  const isConstant = wanted.every((target) => target === wanted[0]);
  return {
    spearman: spearman ?? 0,
    pearson: pearson ?? 0,
    rmse: Math.sqrt(squared),
    mae: mean(errors.map(Math.abs)),
    r2: isConstant || variance === 0 ? Number(squared === 0) : 1 - squared / variance,
  };
}

/** 95 % intervals of the metrics: percentiles of a bootstrap over the examples. Rejects with `AbortError` if `signal` is aborted. */
export async function regressionIntervals(
  predictions: readonly number[],
  targets: readonly number[],
  signal?: AbortSignal,
): Promise<Readonly<Record<keyof RegressionMetrics, Interval>>> {
  const { length } = targets;
  const breathe = breather(signal);
  const found = REGRESSION_METRICS.map(() => new Float64Array(RESAMPLES));
  for (let sample = 0; sample < RESAMPLES; sample++) {
    await breathe();
    const random = new Philox(0, sample);
    const drawn = Array.from({ length }, () => Math.floor(random.uniform() * length));
    const measured = regressionMetrics(
      drawn.map((i) => predictions[i]!),
      drawn.map((i) => targets[i]!),
    );
    REGRESSION_METRICS.forEach((name, m) => (found[m]![sample] = measured[name]));
  }
  const intervals = REGRESSION_METRICS.map((name, m) => [name, middle95(found[m]!)]);
  return Object.fromEntries(intervals) as Record<keyof RegressionMetrics, Interval>;
}
