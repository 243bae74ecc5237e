import type { LabelScores, TaskReport } from "../../training/result/report.js";
import type { HeadComparison } from "../head/head-comparison.js";
import type { MultiLabelResult } from "./label-metrics.js";
import type { MultiLabelSettings } from "./settings.js";

/** The metrics of a run on texts with several labels. */
export interface MultiLabelScores {
  /** F1 of the counts of all labels together. */
  readonly f1Micro: number;
  /** Mean F1 of the labels. */
  readonly f1Macro: number;
  /** Mean average precision of the labels that have a text; whatever the thresholds. */
  readonly map: number;
  /** Share of texts whose set of labels is exactly right. */
  readonly exactMatch: number;
  /** Mean binary cross entropy over texts and labels. */
  readonly loss: number;
}

/** What the result is compared with. */
export interface MultiLabelBaseline {
  /** Scores of always predicting the most frequent set of labels; for `map` and `loss`, the labels' shares. */
  readonly mostFrequent: MultiLabelScores;
  /** A logistic regression for each label on frozen vectors; null if none was fitted. */
  readonly headOnly: MultiLabelScores | null;
}

/** Results on the examples to test on. */
export interface MultiLabelRunResult extends HeadComparison {
  /** What it is compared with. */
  readonly yardsticks: MultiLabelBaseline;
  /** Scores after training. */
  readonly after: MultiLabelScores;
  /** Each label by itself, with what was trained. */
  readonly labels: readonly LabelScores[];
  /** What the thresholds were chosen on; null: all are 0.5, since there was no validation. */
  readonly thresholdsFrom: "validation" | null;
  /** Which examples the result is measured on. The validation flatters it: step and thresholds were chosen by it. */
  readonly measuredOn: "test" | "validation";
}

/** A test example with the labels that were predicted for it. */
export interface MultiLabelSample {
  /** The text. */
  readonly text: string;
  /** Labels in the data. */
  readonly labels: readonly string[];
  /** The labels whose probability reaches their threshold. */
  readonly predicted: readonly string[];
}

/** The result of a finished run on texts with several labels. */
export interface MultiLabelJobResult {
  /** The report: report.json. */
  readonly report: TaskReport<MultiLabelSettings, MultiLabelRunResult>;
  /** Every test example with the trained classifier's prediction. */
  readonly predictions: readonly MultiLabelSample[];
}

/** The metrics of a run among all. */
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
