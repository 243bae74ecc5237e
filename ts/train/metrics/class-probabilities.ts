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
export interface ClassProbabilities {
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
export interface ClassLoss {
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
