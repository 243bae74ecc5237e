import type { TokenMetrics } from "../../tasks/tokens/token-metrics.js";
import type { EntityCounts } from "../../train/metrics/entities.js";
import type { Difference } from "../../train/metrics/paired-difference.js";
import type { Recommendation } from "../result/recommendation.js";
import type { ReportedData, RunReport } from "../result/run-report.js";
import type { TokenSettings } from "../spec/token-settings.js";

/** What head and adapter are measured against. */
export interface TokenBaseline {
  /** Share of right labels where every word is given the label that most words to learn from have. */
  readonly largestClass: number;
  /**
   * The best head on the vectors of the encoder as it is: logistic regression, fitted to convergence, its regularisation chosen on whole
   * texts. It learns from what is held out to choose a step, too. Null where not wanted.
   */
  readonly headOnly: TokenMetrics | null;
  /** What that head finds in each example that is measured. */
  readonly headEntities: readonly EntityCounts[] | null;
  /** Words that it was fitted to: of large data as many as memory allows. */
  readonly headWords: number;
}

/** What happened in a run on labelled words: report.json. What is as in `RunReport` is described there. */
export interface TokenReport extends Pick<
  RunReport,
  "lowrank" | "created" | "engine" | "model" | "parameters" | "evaluation" | "estimate" | "training" | "steps"
> {
  /** The whole spec. */
  readonly settings: TokenSettings;
  /** What was learnt from and tested on; the labels in the order of the classes. */
  readonly data: {
    readonly train: ReportedData;
    readonly validation: ReportedData;
    readonly test: ReportedData | null;
    readonly labels: readonly string[];
  };
  /** On the examples to test on: the head alone, and after training. */
  readonly result: Omit<TokenBaseline, "headEntities"> & {
    readonly after: TokenMetrics;
    /** What entity F1 head and adapter have over the head alone, with a 95 % interval; null where that was not fitted, or is the result. */
    readonly overHeadAlone: Difference | null;
    /** What to use, by that difference. */
    readonly recommended: Recommendation;
    readonly measuredOn: "test" | "validation";
  };
}
