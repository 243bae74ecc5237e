import { finite, nonNegative, positive } from "../../arguments/settings.js";
import type { PreferenceLossName } from "../../models/language/training/preference-losses.js";
import type { PreferenceMetrics } from "../../models/language/training/preference-task.js";
import type { ReportedData, TaskReport } from "../../training/report.js";
import {
  among,
  field,
  matching,
  orNull,
  requiredField,
  type ValuesOf,
  withDefaults,
} from "../../training/spec/field.js";
import { objectAt } from "../../training/store/run-state.js";
import { languageFields } from "../language/settings.js";

/** The losses; the code of their values is loaded when a run begins. */
const losses = ["dpo", "ipo", "orpo", "simpo", "kto"] as const satisfies readonly PreferenceLossName[];

const belowHalf = matching<number>(
  "a number from 0 to below 0.5",
  (value) => typeof value === "number" && value >= 0 && value < 0.5,
);

/** Settings of a run on preferences. The step with the highest reward accuracy on `validation` is always kept. */
export const preferenceFields = {
  ...withDefaults(languageFields, { learningRate: 1e-4 }),
  /**
   * An adapter of a language model is trained on preferences: rows are `{ prompt, chosen, rejected }`, texts or lists of messages; for the
   * loss "kto" also `{ prompt, completion, label }`. Further fields are those of "text" and "chat".
   */
  task: requiredField(among(["preferences"])),
  /** The loss, as `loss` of `fitPreferences`: "dpo", "ipo", "orpo", "simpo" or "kto". */
  loss: field(among(losses), "dpo"),
  /** Strength of the penalty for deviating from the base model, or scale of the rewards; null for 0.1, for "simpo" 2. */
  beta: field(orNull<number>(positive), null),
  /** "dpo" and "simpo": share of pairs assumed to be the wrong way round; null for 0. */
  labelSmoothing: field(orNull(belowHalf), null),
  /** "simpo": margin between the rewards; null for 0.5. */
  simpoGamma: field(orNull<number>(nonNegative), null),
  /** "kto": weight of answers with label true; null for 1. */
  desirableWeight: field(orNull<number>(nonNegative), null),
  /** "kto": weight of answers with label false; null for 1. */
  undesirableWeight: field(orNull<number>(nonNegative), null),
};

/** Everything that the result of a run on preferences depends on, except the files it names. */
export type PreferenceSettings = ValuesOf<typeof preferenceFields>;

/** A run on preferences as plain data. All fields except `task` and `data` have defaults. */
export type PreferenceJobSpec = Pick<PreferenceSettings, "task" | "data"> & Partial<PreferenceSettings>;

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

/** Throws `ConfigError`, naming the field, unless `run` of a checkpoint has the base model's measurement; null if nothing is measured. */
export function checkPreferenceState(what: string, run: Readonly<Record<string, unknown>>): void {
  if (run["base"] === null) return;
  const base = objectAt(what, "run.base", run["base"]);
  for (const [name, value] of Object.entries(base)) finite(what, `run.base.${name}`, value);
}
