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
}

/** Metrics of logits (one row an example) against class indices. */
export function metrics(logits: readonly Float32Array[], targets: readonly number[], classes: number): Metrics {
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  let loss = 0;
  let right = 0;
  logits.forEach((row, i) => {
    const target = targets[i]!;
    const predicted = row.indexOf(Math.max(...row));
    confusion[target]![predicted]!++;
    if (predicted === target) right++;
    loss -= logProbabilities(row)[target]!;
  });
  const count = logits.length;
  return { count, accuracy: count === 0 ? NaN : right / count, loss: count === 0 ? NaN : loss / count, confusion };
}

/** log softmax of a few logits, in float64. */
export function logProbabilities(logits: ArrayLike<number>): number[] {
  const values = Array.from(logits);
  const highest = Math.max(...values);
  const sum = values.reduce((total, x) => total + Math.exp(x - highest), 0);
  return values.map((x) => x - highest - Math.log(sum));
}
