import { or, readOptions } from "../../arguments/options.js";
import { flag } from "../../arguments/settings.js";
import { binaryList, finiteNumbers, notEmpty, type NumberList, sameLength, sum } from "./number-lists.js";

/**
 * Average precision as scikit-learn has it: Σ (recall − recall before)·precision over the distinct scores, highest first, without
 * interpolation; 0 without positives.
 */
export function averagePrecision(labels: readonly number[], scores: readonly number[]): number {
  const steps = scoreSteps(labels, scores);
  const positives = steps.at(-1)?.right ?? 0;
  let [before, total] = [0, 0];
  for (const { taken, right } of steps) {
    total += ((right - before) / positives) * (right / taken);
    before = right;
  }
  return total;
}

/** A score that some example of label 1 has. */
interface ScoreStep {
  readonly score: number;
  /** Number of examples that reach it. */
  readonly taken: number;
  /** Number of those with label 1. */
  readonly right: number;
  /** The next lower score of any example; undefined at the lowest. */
  readonly next: number | undefined;
}

/**
 * The different scores of examples with label 1, highest first. Numbers are sorted without a function that compares them, which takes a
 * tenth of the time.
 */
function scoreSteps(labels: readonly number[], scores: readonly number[]): ScoreStep[] {
  // Negated, so that the highest is first.
  const sorted = (some: readonly number[]) => new Float64Array(some).map((score) => -score).sort();
  const [all, own] = [sorted(scores), sorted(scores.filter((_, i) => labels[i] === 1))];
  const steps: ScoreStep[] = [];
  for (let [taken, right] = [0, 0]; right < own.length;) {
    const score = own[right]!;
    while (own[right] === score) right++;
    while (all[taken]! <= score) taken++;
    steps.push({ score: -score, taken, right, next: taken < all.length ? -all[taken]! : undefined });
  }
  return steps;
}

/** Scores of pairs that are similar or not, at the thresholds that suit them best. */
export interface BinaryMetrics {
  /** Largest share of right decisions. */
  readonly accuracy: number;
  /** Score from which pairs count as similar for the accuracy. */
  readonly accuracyThreshold: number;
  /** Largest F1. */
  readonly f1: number;
  /** The threshold for it; 0 if nothing is similar. */
  readonly f1Threshold: number;
  /** Precision at that threshold. */
  readonly precision: number;
  /** Recall at that threshold. */
  readonly recall: number;
  /** Average precision: Σ (recall step)·precision over the distinct scores. */
  readonly ap: number;
  /** Matthews' correlation at `f1Threshold`; 0 where it is not defined. */
  readonly mcc: number;
}

/** Options of `binaryMetrics`. */
export interface BinaryMetricsOptions {
  /** Whether high scores mean similar; false for distances. Default true. */
  readonly higherIsSimilar?: boolean | undefined;
}

/**
 * How well scores tell similar pairs (label 1) from others (0), as sentence-transformers' BinaryClassificationEvaluator has it. Thresholds lie
 * in the middle between two different scores, the last at the lowest score; the first of equally good ones counts, highest first. For the
 * accuracy there is also one above all scores.
 *
 * Throws `ShapeError` for lists of unlike lengths, `ConfigError` for none, for scores that are not finite and for other labels.
 */
export function binaryMetrics(
  scores: NumberList,
  labels: ArrayLike<number | boolean>,
  options: BinaryMetricsOptions = {},
): BinaryMetrics {
  const what = "binaryMetrics";
  const { higherIsSimilar } = readOptions(what, options, { higherIsSimilar: or(true, flag) });
  const given = finiteNumbers(what, "scores", scores);
  const truth = binaryList(what, "labels", labels);
  sameLength(what, "scores", "labels", [given.length, truth.length]);
  notEmpty(what, "scores", given.length);
  // Distances are negated, and thresholds negated back.
  const sign = higherIsSimilar ? 1 : -1;
  const own = given.map((score) => sign * score);
  const steps = thresholds(own, truth);
  const [total, positives] = [own.length, sum(truth)];

  let accuracy = (total - positives) / total;
  let accuracyThreshold = above(own.reduce((a, b) => Math.max(a, b)));
  let best = { f1: 0, precision: 0, recall: 0, threshold: 0 };
  // A score that only examples of label 0 have is worse than the one above it.
  for (const { threshold, taken, right } of steps) {
    const share = (right + total - positives - (taken - right)) / total;
    if (share > accuracy) [accuracy, accuracyThreshold] = [share, threshold];
    const [precision, recall] = [right / taken, right / positives];
    const f1 = (2 * precision * recall) / (precision + recall);
    if (f1 > best.f1) best = { f1, precision, recall, threshold };
  }
  const { threshold, ...rest } = best;
  const predicted = own.map((score) => (score >= threshold ? 1 : 0));
  return {
    accuracy,
    accuracyThreshold: sign * accuracyThreshold,
    ...rest,
    f1Threshold: positive(sign * threshold),
    ap: averagePrecision(truth, own),
    mcc: matthews(truth, predicted),
  };
}

/** 0 without a sign. */
const positive = (x: number) => x + 0;

/** Each threshold, highest first: how many scores reach it, and how many of these have label 1. */
function thresholds(scores: readonly number[], labels: readonly number[]) {
  return scoreSteps(labels, scores).map(({ score, taken, right, next }) => {
    const middle = next === undefined ? score : (score + next) / 2;
    // Neighbouring floats have no middle.
    return { threshold: middle === next ? score : middle, taken, right };
  });
}

/** The next float64 above. */
function above(x: number): number {
  if (x === 0) return Number.MIN_VALUE;
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  view.setBigInt64(0, view.getBigInt64(0) + (x > 0 ? 1n : -1n));
  return view.getFloat64(0);
}

function matthews(truth: readonly number[], predicted: readonly number[]): number {
  const n = truth.length;
  const [t, p] = [sum(truth), sum(predicted)];
  const both = sum(truth.map((label, i) => label * predicted[i]!));
  const divisor = Math.sqrt(t * (n - t)) * Math.sqrt(p * (n - p));
  return divisor === 0 ? 0 : (both * n - t * p) / divisor;
}
