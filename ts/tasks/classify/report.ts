import type { DataSummary } from "../../io/examples/summary/index.js";
import type { Metrics } from "../../train/metrics/metrics.js";
import type { Difference, PairedDifference } from "../../train/metrics/paired-difference.js";
import type { TaskReport } from "../../training/result/report.js";
import type { Recommendation } from "../head-comparison.js";
import type { CalibrationResult } from "./calibrated/calibrate.js";
import type { Baseline } from "./result/baseline.js";
import type { Sample } from "./result/sample-predictions.js";
import type { UnseenTexts } from "./result/unseen-texts.js";
import type { TrainingSettings } from "./settings.js";

/** On the test examples: before training, majority-class baseline, head-only baseline, and after training. */
export interface ClassifierResult extends Baseline {
  /** After training. */
  readonly after: Metrics;
  /** Difference to the head-only baseline, with 95 % intervals; null if the baseline was not fitted, or is the result. */
  readonly overHeadAlone: PairedDifference | null;
  /** Which of the two to use, by that difference. */
  readonly recommended: Recommendation;
  /** Set if macro F1 is significantly below the head-only baseline's while accuracy is not; otherwise null. */
  readonly macroF1Loss: Difference | null;
  /** The result without measured texts that are also in the training data, or near duplicates of it; null if there are none. */
  readonly unseen: UnseenTexts | null;
  /** What the temperature does to probabilities, and when predictions are unsure; omitted without a validation, or if neither was asked for. */
  readonly calibration?: CalibrationResult;
  /** Which examples the result is measured on. On a validation that also chose the step, the result is optimistic. */
  readonly measuredOn: "test" | "validation";
}

/** The report of a run on labelled texts: report.json. */
export interface RunReport extends TaskReport<TrainingSettings, ClassifierResult> {
  readonly data: TaskReport["data"] & {
    /** The summary of the data, with findings. */
    readonly summary: DataSummary;
  };
}

/** The result of a finished run on labelled texts. */
export interface JobResult {
  /** The report: report.json. */
  readonly report: RunReport;
  /** Every test example with the trained classifier's prediction. */
  readonly predictions: readonly Sample[];
}
