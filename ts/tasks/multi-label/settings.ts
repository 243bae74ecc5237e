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
