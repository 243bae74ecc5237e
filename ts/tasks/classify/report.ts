import type { DataSummary } from "../../io/examples/summary/index.js";
import type { Metrics } from "../../train/metrics/metrics.js";
import type { Difference, PairedDifference } from "../../train/metrics/paired-difference.js";
import type { TaskReport } from "../../training/result/report.js";
import type { Baseline } from "./result/baseline.js";
import type { Recommendation } from "./result/recommendation.js";
import type { Sample } from "./result/sample-predictions.js";
import type { UnseenTexts } from "./result/unseen-texts.js";
import type { TrainingSettings } from "./settings.js";

/** On the examples to test on: before training, the largest class, the head alone, and after. */
export interface ClassifierResult extends Baseline {
  /** With what was trained. */
  readonly after: Metrics;
  /** What head and adapter have over the head alone, with 95 % intervals; null where that was not fitted, or is the result. */
  readonly overHeadAlone: PairedDifference | null;
  /** What to use, by that difference. */
  readonly recommended: Recommendation;
  /** What is lost in macro F1 against the head alone by more than chance, while accuracy is not; null where that is not so. */
  readonly macroF1Loss: Difference | null;
  /** Where texts that were measured stand in the training data too, or nearly do, the result without them; else null. */
  readonly unseen: UnseenTexts | null;
  /** Which examples the result is measured on. Where it is the validation, and the step was chosen by it, it is flattered. */
  readonly measuredOn: "test" | "validation";
}

/** What happened in a run on labelled texts: report.json. */
export interface RunReport extends TaskReport<TrainingSettings, ClassifierResult> {
  readonly data: TaskReport["data"] & {
    /** What the data are like, and what was found in them. */
    readonly summary: DataSummary;
  };
}

/** What a finished run on labelled texts gives. */
export interface JobResult {
  /** What happened: report.json. */
  readonly report: RunReport;
  /** Every example to test on, with what the trained classifier says of it. */
  readonly predictions: readonly Sample[];
}
