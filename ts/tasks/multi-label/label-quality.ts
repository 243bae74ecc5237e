import { sum } from "../../train/evaluators/number-lists.js";
import { type Interval, middle95, resample } from "../../train/metrics/bootstrap.js";
import type { LabelScores, ReportedMetrics } from "../../training/report.js";
import { breather } from "../../waiting/next-task.js";
import { sigmoids } from "../head/prediction.js";
import { measureLabels, type MultiLabelResult } from "./multi-label-calls.js";
import type { LabelRow } from "./listed-examples.js";
import type { MultiLabelScores } from "./settings.js";

/** Counts of a text's decisions. */
interface Decisions {
  readonly right: number;
  /** Predicted, not true. */
  readonly extra: number;
  /** True, not predicted. */
  readonly missed: number;
}

/** The 95 % intervals of micro F1 and of exact match: a bootstrap over texts, 1000 samples. */
async function f1Intervals(
  texts: readonly Decisions[],
  signal: AbortSignal | undefined,
): Promise<{ readonly f1Micro: Interval; readonly exactMatch: Interval }> {
  const resamples = 1000;
  const found = { f1Micro: new Float64Array(resamples), exactMatch: new Float64Array(resamples) };
  const breathe = breather(signal);
  let sample = 0;
  for (const drawn of resample(
    texts.map(() => 1),
    { resamples, seed: 0 },
  )) {
    await breathe();
    let [twice, wrong, exact] = [0, 0, 0];
    texts.forEach(({ right, extra, missed }, i) => {
      twice += 2 * right * drawn[i]!;
      wrong += (extra + missed) * drawn[i]!;
      if (extra + missed === 0) exact += drawn[i]!;
    });
    found.f1Micro[sample] = twice + wrong === 0 ? 0 : twice / (twice + wrong);
    found.exactMatch[sample++] = exact / texts.length;
  }
  return { f1Micro: middle95(found.f1Micro), exactMatch: middle95(found.exactMatch) };
}

/** The decisions of each text: which logits reach their thresholds. */
export const decisions = (
  logits: readonly ArrayLike<number>[],
  rows: readonly LabelRow[],
  thresholds: readonly number[],
): Decisions[] =>
  logits.map((row, i) => {
    const probabilities = sigmoids(row, `text ${i}`);
    const counts = { right: 0, extra: 0, missed: 0 };
    thresholds.forEach((threshold, place) => {
      const [predicted, has] = [probabilities[place]! >= threshold, rows[i]![place] === 1];
      if (predicted && has) counts.right++;
      else if (predicted) counts.extra++;
      else if (has) counts.missed++;
    });
    return counts;
  });

/** The score of each text: 1 if its set of labels is exactly right, otherwise 0. */
export const exactMatches = (texts: readonly Decisions[]): number[] =>
  texts.map(({ extra, missed }) => (extra + missed === 0 ? 1 : 0));

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

/** The metrics of a run among all that are measured. */
export const scoresOf = ({
  f1Micro,
  f1Macro,
  mapMacroOfLabelsWithTexts,
  subsetAccuracy,
  loss,
}: MultiLabelResult): MultiLabelScores => ({
  f1Micro,
  f1Macro,
  map: mapMacroOfLabelsWithTexts,
  exactMatch: subsetAccuracy,
  loss,
});
