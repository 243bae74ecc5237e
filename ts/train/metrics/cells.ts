import type { ClassCounts } from "./class-probabilities.js";

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
