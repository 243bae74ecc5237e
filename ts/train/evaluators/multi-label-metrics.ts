import { or, readOptions } from "../../arguments/options.js";
import { finite, unexpected } from "../../arguments/settings.js";
import { averagePrecision } from "./binary-metrics.js";
import { binaryList, finiteNumbers, mean, notEmpty, type NumberList, rowsOf, sameLength, sum } from "./number-lists.js";

/** Options of `multiLabelMetrics`. */
export interface MultiLabelOptions {
  /** Probability from which a label is predicted: one number, or one a label. Default 0.5. */
  readonly threshold?: number | NumberList | undefined;
  /** Precision, recall and F1 where nothing is to be divided by; default 0. */
  readonly zeroDivision?: 0 | 1 | undefined;
}

/** Scores of predicted sets of labels, as scikit-learn has them. P, R and F1 of counts: tp/(tp + fp), tp/(tp + fn), 2tp/(2tp + fp + fn). */
export interface MultiLabelMetrics {
  /** Precision, of the counts of all labels together. */
  readonly precisionMicro: number;
  /** Recall, of the counts of all labels together. */
  readonly recallMicro: number;
  /** F1, of the counts of all labels together. */
  readonly f1Micro: number;
  /** Precision, mean over labels. */
  readonly precisionMacro: number;
  /** Recall, mean over labels. */
  readonly recallMacro: number;
  /** F1, mean over labels. */
  readonly f1Macro: number;
  /** Precision, mean over labels, weighted by their texts. */
  readonly precisionWeighted: number;
  /** Recall, mean over labels, weighted by their texts. */
  readonly recallWeighted: number;
  /** F1, mean over labels, weighted by their texts. */
  readonly f1Weighted: number;
  /** Precision, mean over texts. */
  readonly precisionSamples: number;
  /** Recall, mean over texts. */
  readonly recallSamples: number;
  /** F1, mean over texts. */
  readonly f1Samples: number;
  /** Precision of each label. */
  readonly precisionPerLabel: readonly number[];
  /** Recall of each label. */
  readonly recallPerLabel: readonly number[];
  /** F1 of each label. */
  readonly f1PerLabel: readonly number[];
  /** Share of texts whose set of labels is exactly right: exact match. */
  readonly subsetAccuracy: number;
  /** Share of wrong decisions. */
  readonly hammingLoss: number;
  /** Mean over texts of |true ∩ predicted| / |true ∪ predicted|; 0 where both are empty. */
  readonly jaccardSamples: number;
  /** Average precision of each label by its probabilities, whatever the threshold; 0 without a text. */
  readonly apPerLabel: readonly number[];
  /** Average precision of all decisions together. */
  readonly mapMicro: number;
  /** Mean over labels. */
  readonly mapMacro: number;
  /** Mean over labels, weighted by their texts. */
  readonly mapWeighted: number;
  /** Mean over labels that have a text; 0 if none has. */
  readonly mapMacroOfLabelsWithTexts: number;
}

interface Counts {
  readonly tp: number;
  readonly fp: number;
  readonly fn: number;
}

/**
 * Scores of several labels a text.
 *
 * @param probabilities a row for each text, a number for each label; logits too, with a fitting threshold
 * @param labels rows of 0 and 1 in the same form
 * Throws `ShapeError` for rows of unlike lengths, `ConfigError` for none, for other labels and for numbers that are not finite.
 */
export function multiLabelMetrics(
  probabilities: readonly NumberList[],
  labels: readonly ArrayLike<number | boolean>[],
  options: MultiLabelOptions = {},
): MultiLabelMetrics {
  const what = "multiLabelMetrics";
  const scores = rowsOf(what, "probabilities", probabilities, finiteNumbers);
  const truth = rowsOf<number[]>(what, "labels", labels, binaryList);
  sameLength(what, "rows of probabilities", "rows of labels", [scores.length, truth.length]);
  notEmpty(what, "probabilities", scores.length);
  const width = scores[0]!.length;
  notEmpty(what, "probabilities[0]", width);
  scores.forEach((row, i) => {
    sameLength(what, "labels", `probabilities in row ${i}`, [width, row.length]);
    sameLength(what, "probabilities", `labels in row ${i}`, [width, truth[i]!.length]);
  });
  const { threshold, zeroDivision: zero } = readOptions(what, options, {
    threshold: or<number | number[], []>(0.5, (_, name, value) =>
      typeof value === "number" ? finite(what, name, value) : finiteNumbers(what, name, value),
    ),
    zeroDivision: or<0 | 1, []>(0, (_, name, value) => {
      if (value === 0 || value === 1) return value;
      throw unexpected(what, name, "0 or 1", value);
    }),
  });
  const limits = typeof threshold === "number" ? new Array<number>(width).fill(threshold) : threshold;
  sameLength(what, "labels", "thresholds", [width, limits.length]);
  const predicted: number[][] = scores.map((row) => row.map((score, label) => (score >= limits[label]! ? 1 : 0)));

  const columns = limits.map((_, label) => label);
  const column = (rows: readonly (readonly number[])[], label: number) => rows.map((row) => row[label]!);
  const byLabel = columns.map((label) => countsOf(column(truth, label), column(predicted, label)));
  const byRow = truth.map((row, i) => countsOf(row, predicted[i]!));
  const total = countsOf(truth.flat(), predicted.flat());
  const support = byLabel.map(({ tp, fn }) => tp + fn);
  const weighted = (values: readonly number[]) =>
    sum(support) === 0 ? zero : sum(values.map((value, label) => value * support[label]!)) / sum(support);
  const rates = (counts: readonly Counts[]) => ({
    precision: counts.map(({ tp, fp }) => ratio(tp, tp + fp, zero)),
    recall: counts.map(({ tp, fn }) => ratio(tp, tp + fn, zero)),
    f1: counts.map(({ tp, fp, fn }) => ratio(2 * tp, 2 * tp + fp + fn, zero)),
  });
  const [each, micro, samples] = [rates(byLabel), rates([total]), rates(byRow)];
  const ap = columns.map((label) => averagePrecision(column(truth, label), column(scores, label)));
  const used = ap.filter((_, label) => support[label]! > 0);
  return {
    precisionMicro: micro.precision[0]!,
    recallMicro: micro.recall[0]!,
    f1Micro: micro.f1[0]!,
    precisionMacro: mean(each.precision),
    recallMacro: mean(each.recall),
    f1Macro: mean(each.f1),
    precisionWeighted: weighted(each.precision),
    recallWeighted: weighted(each.recall),
    f1Weighted: weighted(each.f1),
    precisionSamples: mean(samples.precision),
    recallSamples: mean(samples.recall),
    f1Samples: mean(samples.f1),
    precisionPerLabel: each.precision,
    recallPerLabel: each.recall,
    f1PerLabel: each.f1,
    subsetAccuracy: mean(byRow.map(({ fp, fn }) => (fp + fn === 0 ? 1 : 0))),
    hammingLoss: (total.fp + total.fn) / (scores.length * width),
    jaccardSamples: mean(byRow.map(({ tp, fp, fn }) => ratio(tp, tp + fp + fn, 0))),
    apPerLabel: ap,
    mapMicro: averagePrecision(truth.flat(), scores.flat()),
    mapMacro: mean(ap),
    mapWeighted: sum(support) === 0 ? 0 : weighted(ap),
    mapMacroOfLabelsWithTexts: used.length === 0 ? 0 : mean(used),
  };
}

const ratio = (part: number, whole: number, zero: number) => (whole === 0 ? zero : part / whole);

function countsOf(truth: readonly number[], predicted: readonly number[]): Counts {
  const tp = sum(truth.map((has, i) => has * predicted[i]!));
  return { tp, fp: sum(predicted) - tp, fn: sum(truth) - tp };
}
