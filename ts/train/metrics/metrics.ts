import { NonFiniteError, ShapeError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import { or, readOptions } from "../../arguments/read-options.js";
import { flag, whole } from "../../arguments/settings.js";
import { isFloats, typedLength } from "../../arguments/typed-array.js";
import { exp, log } from "../../values/elementary.js";
import {
  type BootstrapOptions,
  bootstrapReaders,
  type Cell,
  cellMeasure,
  type Interval,
  middle95,
  resample,
} from "./bootstrap.js";
import { classCounts, type ClassScores, classScores, meanF1 } from "./class-scores.js";

/** Classes that can be measured: the confusion matrix has the square of that. */
const MOST_CLASSES = 10_000;

/** How well predictions fit known labels. */
export interface Metrics {
  /** Examples that were measured. */
  readonly count: number;
  /** Share of right predictions, 0 to 1. */
  readonly accuracy: number;
  /** Mean cross entropy. */
  readonly loss: number;
  /** `confusion[i][j]`: examples of label i that were taken for label j. */
  readonly confusion: readonly (readonly number[])[];
  /** Precision, recall and F1 of each class. */
  readonly perClass: readonly ClassScores[];
  /** Mean F1 of the classes that have an example or a prediction, each weighing the same. As in scikit-learn. */
  readonly macroF1: number;
  /** 95 % intervals, from another draw of as many examples; null where they were not wanted, or nothing was measured. */
  readonly intervals: MetricIntervals | null;
}

/** How far the numbers would be others with other examples of the same kind: percentiles of a bootstrap. */
export interface MetricIntervals {
  /** Of the share of right predictions. */
  readonly accuracy: Interval;
  /** Of the mean F1 over classes. */
  readonly macroF1: Interval;
}

/** How predictions are measured. */
export interface MetricsOptions extends BootstrapOptions {
  /** Whether intervals are wanted; default true. They take some 50 ms for 10,000 examples of 20 classes. */
  readonly intervals?: boolean;
}

const readers = { ...bootstrapReaders, intervals: or(true, flag) };

/**
 * Metrics of logits (one row an example) against class indices.
 *
 * Throws `ShapeError` where rows, targets and classes do not fit together, `NonFiniteError` for logits that are no numbers.
 */
export function metrics(
  logits: readonly Float32Array[],
  targets: readonly number[],
  classes: number,
  options: MetricsOptions = {},
): Metrics {
  const { intervals, ...bootstrap } = readOptions<Required<MetricsOptions>>("metrics", options, readers);
  checkLogits(logits, targets, classes);
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  let loss = 0;
  logits.forEach((row, i) => {
    const target = targets[i]!;
    const { best, logs } = classProbabilities(row, `row ${i}`);
    confusion[target]![best]!++;
    loss -= logs[target]!;
  });
  const count = logits.length;
  const { accuracy, perClass, macroF1 } = scoresOf(confusion);
  return {
    ...{ count, accuracy, loss: count === 0 ? NaN : loss / count, confusion, perClass, macroF1 },
    intervals: intervals && count > 0 ? intervalsOf(confusion, bootstrap) : null,
  };
}

/** What a confusion matrix says without its examples. */
export function scoresOf(confusion: Metrics["confusion"]): Pick<Metrics, "accuracy" | "perClass" | "macroF1"> {
  const counts = classCounts(confusion);
  const sum = (list: ArrayLike<number>) => Array.from(list).reduce((total, n) => total + n, 0);
  return { accuracy: sum(counts.right) / sum(counts.support), perClass: classScores(counts), macroF1: meanF1(counts) };
}

/** Intervals of a confusion matrix that has examples. */
export function intervalsOf(confusion: Metrics["confusion"], options: Required<BootstrapOptions>): MetricIntervals {
  const cells: Cell[] = [];
  confusion.forEach((row, truth) => {
    for (let predicted = 0; predicted < row.length; predicted++)
      if (row[predicted]! > 0) cells.push({ truth, predicted, count: row[predicted]! });
  });
  // The largest first: what is left for the many small ones is then soon little.
  cells.sort((a, b) => b.count - a.count);
  const measure = cellMeasure(cells);
  const accuracies = new Float64Array(options.resamples);
  const scores = new Float64Array(options.resamples);
  const counts = cells.map(({ count }) => count);
  resample(counts, options, (drawn, sample) => {
    const { accuracy, macroF1 } = measure(drawn);
    accuracies[sample] = accuracy;
    scores[sample] = macroF1;
  });
  return { accuracy: middle95(accuracies), macroF1: middle95(scores) };
}

/** What a classifier's logits say. */
export interface ClassProbabilities {
  /** softmax of the logits, in float64. */
  readonly probabilities: number[];
  /** Their logarithms. */
  readonly logs: number[];
  /** Index of the highest. */
  readonly best: number;
}

/**
 * Softmax of a few logits, in float64. Throws `NonFiniteError` where they have none: NaN, +∞, or −∞ alone.
 *
 * @param what what the logits are of, for the message
 */
export function classProbabilities(logits: ArrayLike<number>, what: string): ClassProbabilities {
  const values = Array.from(logits);
  const highest = values.reduce((most, x) => (x > most || Number.isNaN(x) ? x : most), -Infinity);
  if (!Number.isFinite(highest) || values.some(Number.isNaN)) {
    throw new NonFiniteError(
      `${what}: the logits are ${excerpt(values)}, which give no probabilities: adapter, head or base hold NaN or infinite values`,
      { what },
    );
  }
  const sum = values.reduce((total, x) => total + exp(x - highest), 0);
  const logs = values.map((x) => x - highest - log(sum));
  return { probabilities: logs.map(exp), logs, best: values.indexOf(highest) };
}

function checkLogits(logits: readonly Float32Array[], targets: readonly number[], classes: number): void {
  whole("metrics", "classes", classes, 1, MOST_CLASSES);
  if (!Array.isArray(logits) || !Array.isArray(targets) || logits.length !== targets.length) {
    throw new ShapeError(
      `metrics: as many rows of logits as targets are expected, got ${excerpt(logits)} and ${excerpt(targets)}`,
      { op: "metrics", option: "logits", value: logits, expected: "as many rows as targets" },
    );
  }
  // By index: a gap is refused like anything else, however many there are.
  for (let i = 0; i < logits.length; i++) {
    const row: unknown = logits[i];
    if (!isFloats(row) || typedLength(row) !== classes) {
      throw new ShapeError(`metrics: row ${i} must be a Float32Array of ${classes} logits, got ${excerpt(row)}`, {
        op: "metrics",
        option: "logits",
        value: row,
        expected: `a Float32Array of ${classes}`,
        place: i,
      });
    }
    const target = targets[i]!;
    if (!(Number.isSafeInteger(target) && target >= 0 && target < classes)) {
      throw new ShapeError(`metrics: target ${i} is a class from 0 to ${classes - 1}, got ${excerpt(target)}`, {
        op: "metrics",
        option: "targets",
        value: target,
        length: classes,
        place: i,
      });
    }
  }
}
