import { finite } from "../../arguments/settings.js";
import { classifierFields } from "../classify/settings.js";
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
