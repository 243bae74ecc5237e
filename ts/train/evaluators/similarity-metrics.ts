import { or, readOptions } from "../../arguments/options.js";
import { finite, flag } from "../../arguments/settings.js";
import { finiteNumbers, mean, notEmpty, type NumberList, sameLength, sum } from "./number-lists.js";

/** How predicted scores agree with given ones. */
export interface SimilarityMetrics {
  /** Correlation of the values, −1 to 1; null if one side is constant. */
  readonly pearson: number | null;
  /** Correlation of the ranks; equal values have the mean of their ranks. Null if one side is constant. */
  readonly spearman: number | null;
}

/**
 * Correlations of predicted scores with given ones, as sentence-transformers' EmbeddingSimilarityEvaluator has them:
 * Σ (x − x̄)(y − ȳ) / √(Σ (x − x̄)²·Σ (y − ȳ)²), of the values (Pearson) and of their ranks (Spearman).
 *
 * Throws `ShapeError` for lists of unlike lengths, `ConfigError` for none and for numbers that are not finite.
 */
export function similarityMetrics(scores: NumberList, gold: NumberList): SimilarityMetrics {
  const what = "similarityMetrics";
  const [x, y] = [finiteNumbers(what, "scores", scores), finiteNumbers(what, "gold", gold)];
  sameLength(what, "scores", "gold scores", [x.length, y.length]);
  notEmpty(what, "scores", x.length);
  return { pearson: correlation(x, y), spearman: correlation(ranks(x), ranks(y)) };
}

function correlation(x: readonly number[], y: readonly number[]): number | null {
  if (isConstant(x) || isConstant(y)) return null;
  const [a, b] = [centred(x), centred(y)];
  return Math.min(1, Math.max(-1, sum(a.map((value, i) => value * b[i]!))));
}

const isConstant = (x: readonly number[]) => x.every((value) => value === x[0]);

/** Less the mean, and divided by the length: as a whole first, so that no square overflows or vanishes. */
function centred(x: readonly number[]): number[] {
  const middle = mean(x);
  const moved = x.map((value) => value - middle);
  const largest = moved.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const scaled = moved.map((value) => value / largest);
  const length = Math.sqrt(sum(scaled.map((value) => value * value)));
  return scaled.map((value) => value / length);
}

/** Ranks from 1; equal values have the mean of theirs. */
function ranks(x: readonly number[]): number[] {
  const order = x.map((_, place) => place).sort((a, b) => x[a]! - x[b]!);
  const result = new Array<number>(x.length);
  for (let start = 0; start < order.length;) {
    let end = start + 1;
    while (end < order.length && x[order[end]!] === x[order[start]!]) end++;
    for (let at = start; at < end; at++) result[order[at]!] = (start + 1 + end) / 2;
    start = end;
  }
  return result;
}

/** Options of `tripletMetrics`. */
export interface TripletMetricsOptions {
  /** Distance by which the positive must be closer; default 0. */
  readonly margin?: number | undefined;
  /** Whether high scores mean similar; false for distances. Default true. */
  readonly higherIsSimilar?: boolean | undefined;
}

/**
 * `accuracy`: the share of triplets whose anchor is closer to the positive than to the negative by more than the margin, as
 * sentence-transformers' TripletEvaluator has it: positive > negative + margin; of distances, positive + margin < negative.
 *
 * @param positives scores of anchor and positive, `[n]`
 * @param negatives scores of anchor and negative, `[n]`
 * Throws `ShapeError` for lists of unlike lengths, `ConfigError` for none and for scores that are not finite.
 */
export function tripletMetrics(
  positives: NumberList,
  negatives: NumberList,
  options: TripletMetricsOptions = {},
): { readonly accuracy: number } {
  const what = "tripletMetrics";
  const { margin, higherIsSimilar } = readOptions(what, options, {
    margin: or(0, finite),
    higherIsSimilar: or(true, flag),
  });
  const [near, far] = [finiteNumbers(what, "positives", positives), finiteNumbers(what, "negatives", negatives)];
  sameLength(what, "positives", "negatives", [near.length, far.length]);
  notEmpty(what, "positives", near.length);
  const sign = higherIsSimilar ? 1 : -1;
  const hits: number[] = near.map((score, i) => (sign * score > sign * far[i]! + margin ? 1 : 0));
  return { accuracy: mean(hits) };
}
