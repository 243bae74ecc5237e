import { finite } from "../../arguments/settings.js";
import type { RegressionMetrics } from "../../train/evaluators/regression-metrics.js";
import type { TaskReport } from "../../training/report.js";
import { classifierFields } from "../classify/settings.js";
import type { HeadComparison } from "../head/head-comparison.js";
import { allowEmpty } from "../table-rows.js";
import {
  among,
  field,
  orNull,
  type RecipeName,
  requiredField,
  text,
  type ValuesOf,
} from "../../training/spec/field.js";

const { classWeights: _, ...shared } = classifierFields;

/** Settings of a run on texts with a number each. */
export const regressFields = {
  ...shared,
  /** Defaults of omitted settings, and where training starts, as for texts. */
  recipe: field<RecipeName>(among(["default", "peft"]), "default"),
  /** A number is predicted for each text. Further fields are those of classifiers, without `classWeights`. */
  task: requiredField(among(["regress"])),
  /** Column of the texts: a name, or a number from 0. */
  text: field(text, "text"),
  /** Column of the numbers, as `text`. */
  label: field(text, "label"),
  /** "empty-texts", "empty-labels": remove rows without one; default: they are an error. */
  allow: field(allowEmpty, []),
  /** Smallest number that is predicted; null for no limit. */
  min: field(orNull<number>(finite), null),
  /** Largest number that is predicted; null for no limit. */
  max: field(orNull<number>(finite), null),
};

/** Everything that the result of a run on texts with numbers depends on, apart from the files it names. */
export type RegressSettings = ValuesOf<typeof regressFields>;

/** A run on texts with numbers as plain data. All but `task` and `data` has a default. */
export type RegressJobSpec = Pick<RegressSettings, "task" | "data"> & Partial<RegressSettings>;

/** What the result is compared with, on the examples to test on. */
export interface RegressBaseline {
  /** Metrics of always predicting the mean of the numbers that were trained on. */
  readonly mean: RegressionMetrics;
  /** A head fitted to frozen vectors by ridge regression; null if none was fitted. */
  readonly headOnly: RegressionMetrics | null;
}

/** Results on the examples to test on. */
export interface RegressResult extends HeadComparison {
  /** What it is compared with. */
  readonly yardsticks: RegressBaseline;
  /** Metrics after training. */
  readonly after: RegressionMetrics;
  /** Which examples the result is measured on. The validation flatters it if the step was chosen by it. */
  readonly measuredOn: "test" | "validation";
}

/** A test example with the number that was predicted for it. */
export interface NumberSample {
  /** The text. */
  readonly text: string;
  /** Number in the data. */
  readonly target: number;
  /** The predicted number. */
  readonly predicted: number;
}

/** What a finished run on texts with numbers gives. */
export interface RegressJobResult {
  /** What happened: report.json. */
  readonly report: TaskReport<RegressSettings, RegressResult>;
  /** Every test example with the trained model's prediction. */
  readonly predictions: readonly NumberSample[];
}
