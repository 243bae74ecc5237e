import { or, readOptions } from "../../arguments/options.js";
import { flag, whole } from "../../arguments/settings.js";
import { readSignal, throwIfAborted } from "../../waiting/abort.js";
import { breather } from "../../waiting/next-task.js";
import {
  type BootstrapOptions,
  bootstrapReaders,
  cellMeasure,
  type Interval,
  middle95,
  resample,
  wilson,
} from "./bootstrap.js";
import {
  type Cell,
  cellsOf,
  classCounts,
  classLoss,
  type ClassScores,
  classScores,
  type Confusion,
  confusionOf,
  meanF1,
} from "./class-scores.js";
import { isFloats, typedLength } from "../../arguments/typed-array.js";
import { ShapeError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";

/** Scores of predictions on labelled examples. */
export interface Metrics extends Confusion {
  /** Number of examples. */
  readonly count: number;
  /** Share of right predictions, 0 to 1. */
  readonly accuracy: number;
  /** Mean cross entropy. */
  readonly loss: number;
  /** Precision, recall and F1 of each class. */
  readonly perClass: readonly ClassScores[];
  /** Unweighted mean F1 of the classes with an example or a prediction, as in scikit-learn. */
  readonly macroF1: number;
  /** 95 % intervals; null if not requested, or without examples. */
  readonly intervals: MetricIntervals | null;
}

/** 95 % intervals of the scores. */
export interface MetricIntervals {
  /** Interval of the accuracy: Wilson's, which has a width even if all predictions are right. */
  readonly accuracy: Interval;
  /**
   * Interval of the macro F1: percentiles of a bootstrap. If all or no predictions are right, all samples are alike; then it is the accuracy's
   * interval, which corresponds to errors spread evenly over the classes.
   */
  readonly macroF1: Interval;
}

/** Options of `metrics`. */
export interface MetricsOptions extends BootstrapOptions {
  /** Whether to compute intervals; default true. They take about 50 ms for 10,000 examples of 20 classes. */
  readonly intervals?: boolean;
  /** Cancels: the call rejects with `AbortError`. */
  readonly signal?: AbortSignal;
}

type Settings = Required<Omit<MetricsOptions, "signal">> & { readonly signal: AbortSignal | undefined };

const readers = {
  ...bootstrapReaders,
  intervals: or(true, flag),
  signal: readSignal,
};

/**
 * Metrics of logits (one row for each example) and true class indices. The time is in proportion to the logits, and to examples and
 * classes; other work can run in between.
 *
 * Rejects with `ShapeError` if rows, targets and classes do not match, with `NonFiniteError` for logits that are NaN or infinite.
 *
 * @example
 * const { accuracy, confusion } = await metrics(await classifier.logits(texts), targets, classifier.labels.length);
 */
export async function metrics(
  logits: readonly Float32Array[],
  targets: readonly number[],
  classes: number,
  options: MetricsOptions = {},
): Promise<Metrics> {
  const settings = readOptions<Settings>("metrics", options, readers);
  // Later changes by the caller have no effect.
  const taken = takeLogits(logits, targets, classes);
  const measured = await measureLogits(taken.rows, taken.targets, classes, settings);
  // Few examples are measured before the caller gets the promise: an immediate abort takes effect here.
  throwIfAborted(settings.signal);
  return measured;
}

/** `metrics` of checked copies. */
export async function measureLogits(
  logits: readonly Float32Array[],
  targets: readonly number[],
  classes: number,
  { intervals = true, resamples = 1000, seed = 0, signal }: Partial<Settings> = {},
): Promise<Metrics> {
  throwIfAborted(signal);
  const breathe = breather(signal);
  const predictions = new Int32Array(logits.length);
  let loss = 0;
  for (const [i, row] of logits.entries()) {
    const pause = breathe();
    if (pause !== undefined) await pause;
    const own = classLoss(row, targets[i]!, `row ${i}`);
    predictions[i] = own.best;
    loss += own.loss;
  }
  const count = logits.length;
  const cells = cellsOf(targets, predictions, classes);
  const { accuracy, perClass, macroF1 } = scoresOf(cells, classes);
  return {
    count,
    accuracy,
    loss: count === 0 ? NaN : loss / count,
    ...confusionOf(cells, classes),
    perClass,
    macroF1,
    intervals: intervals && count > 0 ? await intervalsOf(cells, { resamples, seed }, breathe) : null,
  };
}

/** The scores that follow from a confusion matrix. */
export function scoresOf(cells: readonly Cell[], classes: number): Pick<Metrics, "accuracy" | "perClass" | "macroF1"> {
  const counts = classCounts(cells, classes);
  const { right, all } = sumsOf(cells);
  return { accuracy: right / all, perClass: classScores(counts), macroF1: meanF1(counts) };
}

function sumsOf(cells: readonly Cell[]): { right: number; all: number } {
  const sum = (some: readonly Cell[]) => some.reduce((total, { count }) => total + count, 0);
  return { right: sum(cells.filter(({ truth, predicted }) => truth === predicted)), all: sum(cells) };
}

/** Intervals of a confusion matrix with examples; `breathe` is awaited before each sample. */
export async function intervalsOf(
  given: readonly Cell[],
  options: Required<BootstrapOptions>,
  breathe: () => Promise<void> | undefined,
): Promise<MetricIntervals> {
  const { right, all } = sumsOf(given);
  const accuracy = wilson(right, all);
  if (right === 0 || right === all) return { accuracy, macroF1: accuracy };
  // The largest first: little is then left for the many small ones.
  const cells = given.toSorted((a, b) => b.count - a.count || a.truth - b.truth || a.predicted - b.predicted);
  const measure = cellMeasure(cells);
  const scores: number[] = [];
  const counts = cells.map(({ count }) => count);
  for (const drawn of resample(counts, options)) {
    scores.push(measure(drawn).macroF1);
    await breathe();
  }
  return { accuracy, macroF1: middle95(Float64Array.from(scores)) };
}

/** Maximum number of classes. */
const MOST_CLASSES = 10_000;

/** Floats of a block for copies of rows: a buffer for each row takes several times as long. */
const BLOCK = 2 ** 22;

/** Copies of the inputs. */
export interface TakenLogits {
  readonly rows: Float32Array[];
  readonly targets: number[];
}

/**
 * Copies the inputs, reading each item once, by its index; no user code is called later. Throws `ShapeError` unless there are as many rows
 * of `classes` logits as targets.
 */
export function takeLogits(logits: readonly Float32Array[], targets: readonly number[], classes: number): TakenLogits {
  whole("metrics", "classes", classes, 1, MOST_CLASSES);
  const count: unknown = Array.isArray(logits) ? logits.length : NaN;
  if (!Array.isArray(targets) || targets.length !== count) {
    throw new ShapeError(
      `metrics: as many rows of logits as targets are expected, got ${excerpt(logits)} and ${excerpt(targets)}`,
      { op: "metrics", option: "logits", value: logits, expected: "as many rows as targets" },
    );
  }
  const taken: TakenLogits = { rows: [], targets: [] };
  const perBlock = Math.max(1, Math.floor(BLOCK / classes));
  let block = new Float32Array(0);
  // A gap is refused like any other value, however many there are.
  for (let i = 0; i < count; i++) {
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
    const at = i % perBlock;
    if (at === 0) block = new Float32Array(Math.min(perBlock, count - i) * classes);
    block.set(row, at * classes);
    taken.rows.push(block.subarray(at * classes, (at + 1) * classes));
    taken.targets.push(target);
  }
  return taken;
}
