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
import { cellsOf, cellsOfMatrix, classCounts, matrixOf } from "./cells.js";
import { type ClassScores, classScores, meanF1 } from "./class-scores.js";
import { wilson } from "./wilson.js";

/** Classes that can be measured. */
const MOST_CLASSES = 10_000;

/** How well predictions fit known labels. */
export interface Metrics {
  /** Examples that were measured. */
  readonly count: number;
  /** Share of right predictions, 0 to 1. */
  readonly accuracy: number;
  /** Mean cross entropy. */
  readonly loss: number;
  /** `confusion[i][j]`: examples of label i that were taken for label j. Labels without an example share one row of zeros. */
  readonly confusion: readonly (readonly number[])[];
  /** Precision, recall and F1 of each class. */
  readonly perClass: readonly ClassScores[];
  /** Mean F1 of the classes that have an example or a prediction, each weighing the same. As in scikit-learn. */
  readonly macroF1: number;
  /** 95 % intervals; null where they were not wanted, or nothing was measured. */
  readonly intervals: MetricIntervals | null;
}

/** How far the numbers would be others with other examples of the same kind. */
export interface MetricIntervals {
  /** Of the share of right predictions: Wilson's, which has a width where all of them are right, too. */
  readonly accuracy: Interval;
  /**
   * Of the mean F1 over classes: percentiles of a bootstrap. Where all predictions are right, or none is, every sample of it is alike;
   * then it is accuracy's, which is what errors would make of F1 that are spread evenly over the classes.
   */
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
  const predictions = new Int32Array(logits.length);
  let loss = 0;
  logits.forEach((row, i) => {
    const target = targets[i]!;
    const { best, logs } = classProbabilities(row, `row ${i}`);
    predictions[i] = best;
    loss -= logs[target]!;
  });
  const count = logits.length;
  const cells = cellsOf(targets, predictions, classes);
  const { accuracy, perClass, macroF1 } = scoresOfCells(cells, classes);
  return {
    ...{ count, accuracy, loss: count === 0 ? NaN : loss / count },
    ...{ confusion: matrixOf(cells, classes), perClass, macroF1 },
    intervals: intervals && count > 0 ? intervalsOfCells(cells, bootstrap) : null,
  };
}

type Scores = Pick<Metrics, "accuracy" | "perClass" | "macroF1">;

/** What a confusion matrix says without its examples. */
export const scoresOf = (confusion: Metrics["confusion"]): Scores =>
  scoresOfCells(cellsOfMatrix(confusion), confusion.length);

/** Intervals of a confusion matrix that has examples. */
export const intervalsOf = (confusion: Metrics["confusion"], options: Required<BootstrapOptions>): MetricIntervals =>
  intervalsOfCells(cellsOfMatrix(confusion), options);

function scoresOfCells(cells: readonly Cell[], classes: number): Scores {
  const counts = classCounts(cells, classes);
  const { right, all } = sumsOf(cells);
  return { accuracy: right / all, perClass: classScores(counts), macroF1: meanF1(counts) };
}

function sumsOf(cells: readonly Cell[]): { right: number; all: number } {
  const sum = (some: readonly Cell[]) => some.reduce((total, { count }) => total + count, 0);
  return { right: sum(cells.filter(({ truth, predicted }) => truth === predicted)), all: sum(cells) };
}

function intervalsOfCells(given: readonly Cell[], options: Required<BootstrapOptions>): MetricIntervals {
  const { right, all } = sumsOf(given);
  const accuracy = wilson(right, all);
  if (right === 0 || right === all) return { accuracy, macroF1: accuracy };
  // The largest first: what is left for the many small ones is then soon little.
  const cells = given.toSorted((a, b) => b.count - a.count || a.truth - b.truth || a.predicted - b.predicted);
  const measure = cellMeasure(cells);
  const scores: number[] = [];
  const counts = cells.map(({ count }) => count);
  for (const drawn of resample(counts, options)) scores.push(measure(drawn).macroF1);
  return { accuracy, macroF1: middle95(Float64Array.from(scores)) };
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
