import { binaryMetrics } from "../../train/evaluators/binary-metrics.js";
import { multiLabelMetrics, type MultiLabelMetrics } from "../../train/evaluators/multi-label-metrics.js";
import { exp, log } from "../../values/elementary.js";
import { sigmoids } from "../head/prediction.js";
import type { LabelRow } from "./listed-examples.js";

/** Scores of predicted sets of labels, with the loss. */
export interface MultiLabelResult extends MultiLabelMetrics {
  /** Number of texts. */
  readonly count: number;
  /** Mean binary cross entropy over texts and labels. */
  readonly loss: number;
}

/** −log of the probability of what is true. */
const surprise = (logit: number, has: number) => {
  const against = has === 0 ? logit : -logit;
  return Math.max(against, 0) + log(1 + exp(-Math.abs(against)));
};

/** Measures logits, one row a text. */
export function measureLabels(
  logits: readonly ArrayLike<number>[],
  rows: readonly LabelRow[],
  thresholds: readonly number[],
): MultiLabelResult {
  const probabilities = logits.map((row, i) => sigmoids(row, `text ${i}`));
  let loss = 0;
  logits.forEach((row, i) => rows[i]!.forEach((has, place) => (loss += surprise(row[place]!, has))));
  const metrics = multiLabelMetrics(probabilities, rows, { threshold: [...thresholds] });
  return { count: rows.length, loss: loss / (rows.length * thresholds.length), ...metrics };
}

/** Least texts of a label: with fewer, chance decides its threshold. */
const ENOUGH = 8;

/**
 * The threshold of each label with the highest F1. A label with fewer than 8 texts gets the threshold with the highest micro F1 of all
 * labels, 0.5 if no text has any.
 */
export function bestThresholds(logits: readonly ArrayLike<number>[], rows: readonly LabelRow[]): number[] {
  const probabilities = logits.map((row, i) => sigmoids(row, `text ${i}`));
  const best = (scores: readonly number[], truth: readonly number[]) => binaryMetrics(scores, truth).f1Threshold;
  const all = rows.flatMap((row) => [...row]);
  const common = all.includes(1) ? best(probabilities.flat(), all) : 0.5;
  return Array.from(rows[0]!, (_, place) => {
    const truth = rows.map((row) => row[place]!);
    const count = truth.reduce((sum, has) => sum + has, 0);
    if (count < ENOUGH) return common;
    return best(
      probabilities.map((row) => row[place]!),
      truth,
    );
  });
}
