import { sum } from "../../../train/evaluators/number-lists.js";
import type { LabelScores, ReportedMetrics } from "../../../training/result/report.js";
import { measureLabels } from "../label-metrics.js";
import type { LabelRow } from "../label-rows.js";
import { type Decisions, decisions, f1Intervals } from "./f1-interval.js";
import { type MultiLabelScores, scoresOf } from "./report.js";

/** How well a classifier finds the labels of texts. */
interface LabelQuality {
  readonly scores: MultiLabelScores;
  /** The scores, two of them with 95 % intervals. */
  readonly metrics: ReportedMetrics;
  /** Each label by itself. */
  readonly labels: readonly LabelScores[];
  /** Counts of each text's decisions. */
  readonly decided: readonly Decisions[];
}

/** Measures logits, one row a text, at the thresholds. Rejects with `AbortError` if `signal` is aborted. */
export async function labelQuality(
  labels: readonly string[],
  thresholds: readonly number[],
  logits: readonly ArrayLike<number>[],
  rows: readonly LabelRow[],
  signal: AbortSignal | undefined,
): Promise<LabelQuality> {
  const measured = measureLabels(logits, rows, thresholds);
  const scores = scoresOf(measured);
  const decided = decisions(logits, rows, thresholds);
  const intervals = await f1Intervals(decided, signal);
  const { f1Micro, f1Macro, map, exactMatch, loss } = scores;
  return {
    scores,
    metrics: {
      f1Micro: { value: f1Micro, interval: intervals.f1Micro },
      f1Macro: { value: f1Macro },
      map: { value: map },
      exactMatch: { value: exactMatch, interval: intervals.exactMatch },
      loss: { value: loss },
    },
    labels: labels.map((label, place) => ({
      label,
      texts: sum(rows.map((row) => row[place]!)),
      threshold: thresholds[place]!,
      precision: measured.precisionPerLabel[place]!,
      recall: measured.recallPerLabel[place]!,
      f1: measured.f1PerLabel[place]!,
      averagePrecision: measured.apPerLabel[place]!,
    })),
    decided,
  };
}
