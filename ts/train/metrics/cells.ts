import type { Cell } from "./bootstrap.js";
import type { ClassCounts } from "./class-scores.js";

/** The cells of a confusion matrix that are not empty. */
export function cellsOf(targets: readonly number[], predictions: ArrayLike<number>, classes: number): Cell[] {
  const counts = new Map<number, number>();
  targets.forEach((truth, i) => {
    const key = truth * classes + predictions[i]!;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  });
  return Array.from(counts, ([key, count]) => ({ truth: Math.floor(key / classes), predicted: key % classes, count }));
}

/** Those of a matrix. */
export function cellsOfMatrix(confusion: readonly (readonly number[])[]): Cell[] {
  const cells: Cell[] = [];
  confusion.forEach((row, truth) => {
    for (let predicted = 0; predicted < row.length; predicted++)
      if (row[predicted]! > 0) cells.push({ truth, predicted, count: row[predicted]! });
  });
  return cells;
}

/**
 * The matrix of some cells. Classes without an example share one row of zeros, so that it is never much larger than the logits that it
 * was made of, however many classes there are.
 */
export function matrixOf(cells: readonly Cell[], classes: number): number[][] {
  const zeros = new Array<number>(classes).fill(0);
  const rows = new Array<number[]>(classes).fill(zeros);
  for (const { truth, predicted, count } of cells) {
    if (rows[truth] === zeros) rows[truth] = zeros.slice();
    rows[truth]![predicted] = count;
  }
  return rows;
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
