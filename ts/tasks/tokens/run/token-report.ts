import type { TokenMetrics } from "../token-metrics.js";
import type { EntityCounts } from "../../../train/metrics/entities.js";
import type { Difference } from "../../../train/metrics/paired-difference.js";
import type { Recommendation } from "../../classify/result/recommendation.js";
import type { TaskReport } from "../../../training/result/report.js";
import type { TokenSettings } from "./settings.js";

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

/** On the examples to test on: the head alone, and after training. */
export interface TokenResult extends Omit<TokenBaseline, "headEntities"> {
  /** With what was trained. */
  readonly after: TokenMetrics;
  /** What entity F1 head and adapter have over the head alone, with a 95 % interval; null where that was not fitted, or is the result. */
  readonly overHeadAlone: Difference | null;
  /** What to use, by that difference. */
  readonly recommended: Recommendation;
  /** Which examples the result is measured on. Where it is the validation, and the step was chosen by it, it is flattered. */
  readonly measuredOn: "test" | "validation";
}

/** What happened in a run on labelled words: report.json. */
export type TokenReport = TaskReport<TokenSettings, TokenResult>;

/** What a finished run on labelled words gives. */
export interface TokenJobResult {
  /** What happened: report.json. */
  readonly report: TokenReport;
}
