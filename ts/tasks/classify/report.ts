import { nonNegative, share, unexpected, whole } from "../../arguments/settings.js";
import { ConfigError } from "../../errors/errors.js";
import type { Example } from "../../io/examples/index.js";
import { plainText } from "../../io/examples/row.js";
import type { DataSummary } from "../../io/examples/summary/data-summary.js";
import { permutation } from "../../nn/random.js";
import { type Interval, wilson } from "../../train/metrics/bootstrap.js";
import { bestClass, type Cell, cellsIn, classLoss } from "../../train/metrics/class-scores.js";
import { type Metrics, scoresOf } from "../../train/metrics/metrics.js";
import type { Difference, PairedDifference } from "../../train/metrics/paired-difference.js";
import type { TaskReport } from "../../training/report.js";
import { objectAt } from "../../training/store/run-state.js";
import { exp } from "../../values/elementary.js";
import { type Recommendation, recommendedBy } from "../head/head-comparison.js";
import type { CalibrationResult } from "./calibrate.js";
import type { TrainingSettings } from "./settings.js";

/** A sample prediction. */
export interface Sample {
  /** The text. */
  readonly text: string;
  /** Label in the data. */
  readonly label: string;
  /** The predicted label. */
  readonly predicted: string;
  /** Probability of the predicted label. */
  readonly probability: number;
}

/** Up to `count` predictions, wrong and right ones about half each, picked by the seed. */
export function pickSamples(all: readonly Sample[], count: number, seed: number): Sample[] {
  const shuffled = Array.from(permutation(all.length, seed, 2 ** 31), (i) => all[i]!);
  const wrong = shuffled.filter(({ label, predicted }) => label !== predicted);
  const right = shuffled.filter(({ label, predicted }) => label === predicted);
  const wrongCount = Math.max(count - right.length, Math.min(wrong.length, Math.floor(count / 2)));
  return [...right.slice(0, count - Math.min(wrong.length, wrongCount)), ...wrong.slice(0, wrongCount)];
}

/** Predictions from the logits of labelled examples. */
export function predictionsOf(
  examples: readonly Example[],
  logits: readonly Float32Array[],
  labels: readonly string[],
): Sample[] {
  return examples.map(({ text, label }, i) => {
    const best = bestClass(logits[i]!, `text ${i}`);
    const { loss } = classLoss(logits[i]!, best, `text ${i}`);
    return { text, label, predicted: labels[best]!, probability: exp(-loss) };
  });
}

/** The result on the measured texts that are not in the training data. */
export interface UnseenTexts {
  /** Measured texts that are also in the training data, apart from case and white space. */
  readonly seen: number;
  /** Measured texts that are near duplicates of training texts: they differ by a greeting, a sign-off, a sign. */
  readonly near: number;
  /** The other measured texts. */
  readonly count: number;
  /** Accuracy on those; null if there are none. */
  readonly accuracy: number | null;
  /** 95 % interval (Wilson); null if there are none. */
  readonly interval: Interval | null;
}

/**
 * The result without texts that are also in the training data, or near duplicates of it; null if there are none.
 * @param nearTrained indices of the predictions whose text is a near duplicate
 */
export function unseenTexts(
  trained: readonly Example[],
  predictions: readonly Sample[],
  nearTrained: ReadonlySet<number>,
): UnseenTexts | null {
  const known = new Set(trained.map(({ text }) => plainText(text)));
  const others = [...predictions.entries()].filter(([, { text }]) => !known.has(plainText(text)));
  const unseen = others.filter(([place]) => !nearTrained.has(place)).map(([, prediction]) => prediction);
  const [seen, near, count] = [predictions.length - others.length, others.length - unseen.length, unseen.length];
  if (seen + near === 0) return null;
  if (count === 0) return { seen, near, count, accuracy: null, interval: null };
  const right = unseen.filter(({ label, predicted }) => label === predicted).length;
  return { seen, near, count, accuracy: right / count, interval: wilson(right, count) };
}

/** Least texts for a mean over classes: with fewer, single ones decide it. */
const ENOUGH_FOR_F1 = 100;

/** The recommendation from the difference between head and adapter and the head-only baseline, in accuracy and in macro F1. */
export function recommend(overHeadAlone: PairedDifference | null): Recommendation {
  if (overHeadAlone === null) return null;
  const { accuracy, macroF1, count } = overHeadAlone;
  const rareClasses = count >= ENOUGH_FOR_F1 && accuracy.interval[1] >= 0 && macroF1.interval[0] > 0;
  return rareClasses ? "adapter" : recommendedBy(accuracy);
}

/**
 * The difference in macro F1 if head and adapter, on at least 100 texts, are significantly below the head-only baseline while accuracy is
 * not: rare classes got worse in favour of frequent ones. Otherwise null.
 */
export function macroF1Loss(overHeadAlone: PairedDifference | null): Difference | null {
  if (overHeadAlone === null) return null;
  const { accuracy, macroF1, count } = overHeadAlone;
  return count >= ENOUGH_FOR_F1 && macroF1.interval[1] < 0 && accuracy.interval[1] >= 0 ? macroF1 : null;
}

/** The baselines for head and adapter. */
export interface Baseline {
  /** The initial head. */
  readonly before: Metrics;
  /** Majority-class baseline: accuracy of always predicting the most frequent label of the training texts. */
  readonly largestClass: number;
  /**
   * Head-only baseline: logistic regression on the vectors of the frozen encoder, fitted to convergence. Its regularisation is chosen on a
   * part of the training texts, in whole groups if there are groups. It chooses no step, so it is also fitted to the examples that are held
   * out for that. Null if switched off.
   */
  readonly headOnly: Metrics | null;
}

/** Results on the test examples: before training, majority-class baseline, head-only baseline, and after training. */
export interface ClassifierResult extends Baseline {
  /** Metrics after training. */
  readonly after: Metrics;
  /** Difference to the head-only baseline, with 95 % intervals; null if the baseline was not fitted, or is the result. */
  readonly overHeadAlone: PairedDifference | null;
  /** Which of the two to use, by that difference. */
  readonly recommended: Recommendation;
  /** Set if macro F1 is significantly below the head-only baseline's while accuracy is not; otherwise null. */
  readonly macroF1Loss: Difference | null;
  /** The result without measured texts that are also in the training data, or near duplicates of it; null if there are none. */
  readonly unseen: UnseenTexts | null;
  /** What the temperature does to probabilities, and when predictions are unsure; omitted without a validation, or if neither was asked for. */
  readonly calibration?: CalibrationResult;
  /** Which examples the result is measured on. On a validation that also chose the step, the result is optimistic. */
  readonly measuredOn: "test" | "validation";
}

/** The report of a run on labelled texts: report.json. */
export interface RunReport extends TaskReport<TrainingSettings, ClassifierResult> {
  readonly data: TaskReport["data"] & {
    /** The summary of the data, with findings. */
    readonly summary: DataSummary;
  };
}

/** The result of a finished run on labelled texts. */
export interface JobResult {
  /** The report: report.json. */
  readonly report: RunReport;
  /** Every test example with the trained classifier's prediction. */
  readonly predictions: readonly Sample[];
}

/** The part of a checkpoint that only a classifier's run has. */
export interface ClassifierState {
  readonly baseline: Baseline;
  /** The head-only baseline's class of each measured example; null if it was not fitted. */
  readonly headPredictions: readonly number[] | null;
}

/** Throws `ConfigError` unless predictions agree with a confusion matrix. */
export function checkPredictions(what: string, place: string, value: unknown, measured: Metrics | null): void {
  if (measured === null) {
    if (value === null) return;
    throw unexpected(what, place, "null, since the head-only baseline was not measured", value);
  }
  const counts = new Array<number>(measured.perClass.length).fill(0);
  for (const { predicted, count } of cellsIn(measured)) counts[predicted]! += count;
  if (Array.isArray(value) && value.length === measured.count && value.every(Number.isSafeInteger)) {
    for (const predicted of value as number[]) counts[predicted]!--;
    if (counts.every((left) => left === 0)) return;
  }
  throw unexpected(what, place, `the ${measured.count} classes of the confusion matrix`, value);
}

/** Throws `ConfigError`, naming the field, unless a value from a file is a run's measurement. */
export function checkMetrics(what: string, place: string, value: unknown): asserts value is Metrics {
  const measured = objectAt(what, place, value);
  const { count, accuracy, loss, perClass, macroF1, intervals } = measured;
  whole(what, `${place}.count`, count, 1);
  nonNegative(what, `${place}.loss`, loss);
  const [cells, classes] = takeConfusion(what, place, measured);
  // Values that follow from the matrix are compared with it.
  const { accuracy: right, perClass: scores, macroF1: mean } = scoresOf(cells, classes);
  if (accuracy !== right) throw unexpected(what, `${place}.accuracy`, "the value from the confusion matrix", accuracy);
  if (JSON.stringify(perClass) !== JSON.stringify(scores))
    throw unexpected(what, `${place}.perClass`, "the value from the confusion matrix", perClass);
  if (macroF1 !== mean) throw unexpected(what, `${place}.macroF1`, "the value from the confusion matrix", macroF1);
  if (intervals === null) return;
  const both = objectAt(what, `${place}.intervals`, intervals);
  for (const name of ["accuracy", "macroF1"]) {
    const ends = both[name];
    if (!Array.isArray(ends) || ends.length !== 2)
      throw unexpected(what, `${place}.intervals.${name}`, "two shares", ends);
    ends.forEach((end, i) => share(what, `${place}.intervals.${name}[${i}]`, end));
    if (ends[0] > ends[1])
      throw unexpected(what, `${place}.intervals.${name}`, "two shares, the lower one first", ends);
  }
}

/** The confusion matrix of a measurement in either format, and its number of classes. */
function takeConfusion(
  what: string,
  place: string,
  { count, perClass, confusion, confusionCells }: Readonly<Record<string, unknown>>,
): [cells: readonly Cell[], classes: number] {
  const addsUp = (cells: readonly Cell[]) => cells.reduce((sum, cell) => sum + cell.count, 0) === count;
  if (confusion !== null) {
    if (Array.isArray(confusion) && confusion.every((row) => isCounts(row, confusion.length))) {
      const cells = cellsIn({ confusion: confusion as number[][] });
      if (addsUp(cells)) return [cells, confusion.length];
    }
    throw unexpected(what, `${place}.confusion`, `a square of counts that add up to ${String(count)}`, confusion);
  }
  const classes = Array.isArray(perClass) ? perClass.length : 0;
  if (Array.isArray(confusionCells) && isOrdered(confusionCells, classes) && addsUp(confusionCells))
    return [confusionCells, classes];
  const expected = `cells of the ${classes} classes in their order, with counts that add up to ${String(count)}`;
  throw unexpected(what, `${place}.confusionCells`, expected, confusionCells);
}

/** Whether these are ordered cells of so many classes. */
function isOrdered(cells: readonly unknown[], classes: number): cells is readonly Cell[] {
  let last = -1;
  return cells.every((cell) => {
    const { truth, predicted, count } = Object(cell) as Cell;
    const isClass = (one: number) => Number.isSafeInteger(one) && one >= 0 && one < classes;
    if (!isClass(truth) || !isClass(predicted) || !(Number.isSafeInteger(count) && count > 0)) return false;
    const place = truth * classes + predicted;
    const follows = place > last;
    last = place;
    return follows;
  });
}

const isCounts = (row: unknown, length: number) =>
  Array.isArray(row) && row.length === length && row.every((n) => Number.isSafeInteger(n) && (n as number) >= 0);

/** Throws `ConfigError`, naming the field, unless a value from a file is the state of a classifier's run. */
export function checkClassifierState(what: string, run: Readonly<Record<string, unknown>>): void {
  const baseline = objectAt(what, "run.baseline", run["baseline"]);
  share(what, "run.baseline.largestClass", baseline["largestClass"]);
  checkMetrics(what, "run.baseline.before", baseline["before"]);
  const { headOnly } = baseline;
  if (headOnly !== null) checkMetrics(what, "run.baseline.headOnly", headOnly);
  checkPredictions(what, "run.headPredictions", run["headPredictions"], headOnly);
}

/** Throws `ConfigError` unless a baseline has these classes and this number of measured examples. */
export function checkBaselineFits(
  run: object,
  { labels }: { readonly labels: readonly string[] },
  examples: number,
): void {
  const { before, headOnly } = (run as ClassifierState).baseline;
  for (const measured of [before, headOnly]) {
    if (measured === null) continue;
    const { perClass, count } = measured;
    for (const [what, length, expected] of [
      ["classes", perClass.length, labels.length],
      ["examples", count, examples],
    ] as const) {
      if (length === expected) continue;
      throw new ConfigError(`state: run.baseline has ${length} ${what}, the data ${expected}`, {
        op: "state",
        option: "run.baseline",
        length,
        expected,
      });
    }
  }
}
