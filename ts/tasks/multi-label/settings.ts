import type { LabelScores, TaskReport } from "../../training/report.js";
import {
  among,
  field,
  matching,
  orNull,
  type RecipeName,
  requiredField,
  text,
  type ValuesOf,
} from "../../training/spec/field.js";
import { classifierFields } from "../classify/settings.js";
import type { HeadComparison } from "../head/head-comparison.js";
import { allowEmpty } from "../table-rows.js";

const isName = (name: unknown) => typeof name === "string" && name !== "";

/** Settings of a run on texts with several labels each. */
export const multiLabelFields = {
  ...classifierFields,
  /** Defaults of omitted settings, and where training starts, as for texts. */
  recipe: field<RecipeName>(among(["default", "peft"]), "default"),
  /**
   * True: a text has any number of labels, also none. Weights of `classWeights` are those of texts that have the label, PyTorch's pos_weight.
   * Further fields are those of classifiers.
   */
  multiLabel: requiredField(matching<true>("true", (value) => value === true)),
  /** Column of the texts: a name, or a number from 0. */
  text: field(text, "text"),
  /** Column of the labels, as `text`: labels with a separator between them, or a list in JSON. An empty field is a text without labels. */
  label: field(text, "label"),
  /** What separates labels; null: ";" or "|", whichever there is. */
  labelSeparator: field(orNull(matching<string>("a text that is not empty", isName)), null),
  /** Columns of 0 and 1, one a label, in place of `label`; null for none. */
  labelColumns: field(
    orNull(matching<readonly string[]>("a list of names", (value) => Array.isArray(value) && value.every(isName))),
    null,
  ),
  /** "empty-texts": remove rows without a text; default: they are an error. "empty-labels": remove rows with an empty field of labels. */
  allow: field(allowEmpty, []),
};

/** Everything that the result of a run on texts with several labels depends on, apart from the files it names. */
export type MultiLabelSettings = ValuesOf<typeof multiLabelFields>;

/** A run on texts with several labels each as plain data. All but `multiLabel` and `data` has a default. */
export type MultiLabelJobSpec = Pick<MultiLabelSettings, "multiLabel" | "data"> &
  Partial<MultiLabelSettings> & { readonly task?: "classify" };

/** The metrics of a run, in the order in which they are shown. */
export const MULTI_LABEL_METRICS = ["f1Micro", "f1Macro", "map", "exactMatch", "loss"] as const;

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
