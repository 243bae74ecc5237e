import { or, readOptions } from "../../arguments/options.js";
import { finite, flag } from "../../arguments/settings.js";
import { finiteNumbers, mean, notEmpty, type NumberList, sameLength } from "./number-lists.js";

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
