import type { PreferenceMetrics } from "../../models/language/training/preference-metrics.js";
import type { ReportedData, TaskReport } from "../../training/result/report.js";
import type { PreferenceSettings } from "./settings.js";

export type { PreferenceMetrics } from "../../models/language/training/preference-metrics.js";

/** On held-out examples: the base model, and the kept step. The trained model's numbers are the report's `metrics`. */
export interface PreferenceResult {
  /** The base model: its accuracy is how often it finds the chosen answer more probable. */
  readonly yardsticks: { readonly reference: PreferenceMetrics };
  /** The kept step. */
  readonly step: number;
}

/** The report of a run on preferences: report.json. If nothing was held out, `result` is null and there are no metrics. */
export type PreferenceReport = TaskReport<PreferenceSettings, PreferenceResult | null> & {
  readonly data: { readonly train: ReportedData; readonly validation: ReportedData };
};

/** The result of a finished run on preferences. */
export interface PreferenceJobResult {
  /** The report: report.json. */
  readonly report: PreferenceReport;
}
