import { NonFiniteError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import { exp, log } from "../../values/elementary.js";

/** Scores of a class, as in scikit-learn with `zero_division=0`: undefined ratios are 0. */
export interface ClassScores {
  /** Share of predictions of this class that are right. */
  readonly precision: number;
  /** Share of this class's examples that are found. */
  readonly recall: number;
  /** Harmonic mean of precision and recall. */
  readonly f1: number;
  /** Number of examples of this class. */
  readonly support: number;
}

/** Counts by class: right predictions, examples, and predictions. */
export interface ClassCounts {
  readonly right: ArrayLike<number>;
  readonly support: ArrayLike<number>;
  readonly predicted: ArrayLike<number>;
}

const ratio = (part: number, whole: number) => (whole === 0 ? 0 : part / whole);

/** Scores of each class. */
export function classScores({ right, support, predicted }: ClassCounts): ClassScores[] {
  return Array.from(support, (of, i) => ({
    precision: ratio(right[i]!, predicted[i]!),
    recall: ratio(right[i]!, of),
    f1: ratio(2 * right[i]!, of + predicted[i]!),
    support: of,
  }));
}

/** Mean F1 of the classes with an example or a prediction, as in scikit-learn; NaN without any. */
export function meanF1({ right, support, predicted }: ClassCounts): number {
  let [sum, classes] = [0, 0];
  for (let i = 0; i < support.length; i++) {
    const both = support[i]! + predicted[i]!;
    if (both === 0) continue;
    sum += (2 * right[i]!) / both;
    classes++;
  }
  return sum / classes;
}

/** A prediction from logits. */
interface ClassProbabilities {
  /** softmax of the logits, in float64. */
  readonly probabilities: number[];
  /** Logarithms of the probabilities. */
  readonly logs: number[];
  /** Index of the highest. */
  readonly best: number;
}

/**
 * Softmax of a few logits, in float64. Throws `NonFiniteError` for NaN, +∞, or only −∞.
 *
 * @param what what the logits belong to, for the message
 */
export function classProbabilities(logits: ArrayLike<number>, what: string): ClassProbabilities {
  const values = Array.from(logits);
  const highest = values.reduce((most, x) => (x > most || Number.isNaN(x) ? x : most), -Infinity);
  if (!Number.isFinite(highest) || values.some(Number.isNaN)) throw strange(values, what);
  const sum = values.reduce((total, x) => total + exp(x - highest), 0);
  const logs = values.map((x) => x - highest - log(sum));
  return { probabilities: logs.map(exp), logs, best: values.indexOf(highest) };
}

/** A prediction for an example with a known class. */
interface ClassLoss {
  /** −ln of the known class's probability. */
  readonly loss: number;
  /** Index of the highest. */
  readonly best: number;
}

/** Computes the numbers of `classProbabilities` in one pass and without lists: for many classes it saves most of the time. */
export function classLoss(logits: Float32Array, target: number, what: string): ClassLoss {
  const best = bestClass(logits, what);
  const highest = logits[best]!;
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += exp(logits[i]! - highest);
  return { loss: -(logits[target]! - highest - log(sum)), best };
}

/** Index of the highest of some logits. Throws as `classProbabilities`. */
export function bestClass(logits: Float32Array, what: string): number {
  let best = 0;
  for (let i = 0; i < logits.length; i++) {
    if (logits[i]! > logits[best]!) best = i;
    else if (Number.isNaN(logits[i]!)) throw strange(logits, what);
  }
  if (!Number.isFinite(logits[best]!)) throw strange(logits, what);
  return best;
}

const strange = (logits: ArrayLike<number>, what: string) =>
  new NonFiniteError(
    `${what}: the logits are ${excerpt(Array.from(logits))}, which give no probabilities: adapter, head or base hold NaN or infinite values`,
    { what },
  );

/** A cell of a confusion matrix that is not 0: examples of class `truth` predicted as `predicted`. */
export interface Cell {
  /** True class. */
  readonly truth: number;
  /** Predicted class. */
  readonly predicted: number;
  /** Number of examples, at least 1. */
  readonly count: number;
}

/** Confusions: a matrix for few classes, a list for many, so that it is never much larger than the examples. */
export interface Confusion {
  /** `confusion[i][j]`: number of examples of label i predicted as label j; null for more than 256 labels. */
  readonly confusion: readonly (readonly number[])[] | null;
  /** Cells of the confusion matrix that are not 0, ordered by truth, then by prediction. Undefined if there is a matrix. */
  readonly confusionCells?: readonly Cell[];
}

/** Maximum number of classes for a matrix. */
const MATRIX_CLASSES = 256;

/** The cells of a confusion matrix that are not 0, in its order. */
export function cellsOf(targets: readonly number[], predictions: ArrayLike<number>, classes: number): Cell[] {
  return summed(
    targets.map((truth, i) => ({ truth, predicted: predictions[i]!, count: 1 })),
    classes,
  );
}

/** The given cells in the matrix's order, merged by position. */
export function summed(cells: readonly Cell[], classes: number): Cell[] {
  const counts = new Map<number, number>();
  for (const { truth, predicted, count } of cells) {
    const key = truth * classes + predicted;
    counts.set(key, (counts.get(key) ?? 0) + count);
  }
  return Array.from(counts, ([key, count]) => ({
    truth: Math.floor(key / classes),
    predicted: key % classes,
    count,
  })).sort((a, b) => a.truth - b.truth || a.predicted - b.predicted);
}

/** Cells in their order, as metrics have them. */
export function confusionOf(cells: readonly Cell[], classes: number): Confusion {
  if (classes > MATRIX_CLASSES) return { confusion: null, confusionCells: cells };
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (const { truth, predicted, count } of cells) confusion[truth]![predicted] = count;
  return { confusion };
}

/** Returns the cells of a confusion matrix. */
export function cellsIn({ confusion, confusionCells = [] }: Confusion): readonly Cell[] {
  if (confusion === null) return confusionCells;
  const cells: Cell[] = [];
  confusion.forEach((row, truth) => {
    for (let predicted = 0; predicted < row.length; predicted++)
      if (row[predicted]! > 0) cells.push({ truth, predicted, count: row[predicted]! });
  });
  return cells;
}

/** Examples by class. */
export function classCounts(cells: readonly Cell[], classes: number): ClassCounts {
  const zeros = () => new Array<number>(classes).fill(0);
  const [right, support, predicted] = [zeros(), zeros(), zeros()];
  for (const cell of cells) {
    support[cell.truth]! += cell.count;
    predicted[cell.predicted]! += cell.count;
    if (cell.truth === cell.predicted) right[cell.truth]! += cell.count;
  }
  return { right, support, predicted };
}
