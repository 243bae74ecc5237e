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
