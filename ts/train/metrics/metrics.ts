import { or, readOptions } from "../../arguments/read-options.js";
import { flag } from "../../arguments/settings.js";
import { readSignal, throwIfAborted } from "../../waiting/abort.js";
import { breather } from "../../waiting/next-task.js";
import {
  type BootstrapOptions,
  bootstrapReaders,
  cellMeasure,
  type Interval,
  middle95,
  resample,
} from "./bootstrap.js";
import { type Cell, cellsOf, classCounts, type Confusion, confusionOf } from "./cells.js";
import { classLoss } from "./class-probabilities.js";
import { type ClassScores, classScores, meanF1 } from "./class-scores.js";
import { takeLogits } from "./logits-check.js";
import { wilson } from "./wilson.js";

/** How well predictions fit known labels. */
export interface Metrics extends Confusion {
  /** Examples that were measured. */
  readonly count: number;
  /** Share of right predictions, 0 to 1. */
  readonly accuracy: number;
  /** Mean cross entropy. */
  readonly loss: number;
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
  /** Cancels: it then rejects with `AbortError`. */
  readonly signal?: AbortSignal;
}

type Settings = Required<Omit<MetricsOptions, "signal">> & { readonly signal: AbortSignal | undefined };

const readers = {
  ...bootstrapReaders,
  intervals: or(true, flag),
  signal: readSignal,
};

/**
 * Metrics of logits (one row an example) against class indices. Time grows with the logits, and with examples and classes; other work
 * goes on meanwhile.
 *
 * Rejects with `ShapeError` where rows, targets and classes do not fit together, with `NonFiniteError` for logits that are no numbers.
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
  // What the caller does to them meanwhile changes nothing.
  const taken = takeLogits(logits, targets, classes);
  const measured = await measureLogits(taken.rows, taken.targets, classes, settings);
  // Few are measured before the caller has the promise: what it aborts at once is heard here.
  throwIfAborted(settings.signal);
  return measured;
}

/** `metrics` of what is checked and nobody changes. */
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
    ...{ count, accuracy, loss: count === 0 ? NaN : loss / count },
    ...{ ...confusionOf(cells, classes), perClass, macroF1 },
    intervals: intervals && count > 0 ? await intervalsOf(cells, { resamples, seed }, breathe) : null,
  };
}

/** What the cells of a confusion matrix say without its examples. */
export function scoresOf(cells: readonly Cell[], classes: number): Pick<Metrics, "accuracy" | "perClass" | "macroF1"> {
  const counts = classCounts(cells, classes);
  const { right, all } = sumsOf(cells);
  return { accuracy: right / all, perClass: classScores(counts), macroF1: meanF1(counts) };
}

function sumsOf(cells: readonly Cell[]): { right: number; all: number } {
  const sum = (some: readonly Cell[]) => some.reduce((total, { count }) => total + count, 0);
  return { right: sum(cells.filter(({ truth, predicted }) => truth === predicted)), all: sum(cells) };
}

/** Intervals of a confusion matrix that has examples; `breathe` is awaited before each sample. */
export async function intervalsOf(
  given: readonly Cell[],
  options: Required<BootstrapOptions>,
  breathe: () => Promise<void> | undefined,
): Promise<MetricIntervals> {
  const { right, all } = sumsOf(given);
  const accuracy = wilson(right, all);
  if (right === 0 || right === all) return { accuracy, macroF1: accuracy };
  // The largest first: what is left for the many small ones is then soon little.
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
