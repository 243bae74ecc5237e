import { finite } from "../../arguments/settings.js";
import type { PreferenceMetrics } from "../../models/language/training/preference-metrics.js";
import type { ReportedData, TaskReport } from "../../training/result/report.js";
import { objectAt } from "../../training/store/run-state.js";
import type { PreferenceSettings } from "./settings.js";

/** Throws `ConfigError`, naming the field, unless `run` of a checkpoint has the base model's measurement; null if nothing is measured. */
export function checkPreferenceState(what: string, run: Readonly<Record<string, unknown>>): void {
  if (run["base"] === null) return;
  const base = objectAt(what, "run.base", run["base"]);
  for (const [name, value] of Object.entries(base)) finite(what, `run.base.${name}`, value);
}

export type { PreferenceMetrics } from "../../models/language/training/preference-metrics.js";

/** Results on held-out examples: the base model, and the kept step. The trained model's numbers are the report's `metrics`. */
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
