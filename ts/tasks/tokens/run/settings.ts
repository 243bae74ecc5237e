import { checkTokenFields, type TokenFields } from "../../../io/examples/tokens/located-tokens.js";
import { classifierFields } from "../../classify/settings.js";
import { field, type RecipeName, requiredField, type ValuesOf } from "../../../training/spec/field.js";
import { among, type Check, textsByName } from "../../../training/spec/field-checks.js";

const columns: Check<TokenFields> = (what, name, value) => {
  const fields = textsByName(what, name, value);
  checkTokenFields(what, fields);
  return fields;
};

/** Settings of a run on labelled words. */
export const tokenFields = {
  ...classifierFields,
  /** Defaults of omitted settings, and where training starts, as for texts. */
  recipe: field<RecipeName>(among(["default", "peft"]), "default"),
  /** Words are labelled. */
  task: requiredField(among(["tokens"])),
  /**
   * What the data call a field, by its name here: `tokens` and `tags` (in CoNLL's columns numbers from 0), `text` and `spans`, in tables
   * `sentence` too.
   */
  fields: field(columns, {}),
};

/**
 * Everything that the result of a run on labelled words depends on, apart from the files it names. What it shares with a classifier of
 * texts is as there; class weights count words, and examples are sentences, or texts with entities.
 */
export type TokenSettings = ValuesOf<typeof tokenFields>;

/** A run on labelled words as plain data. All but `task` and `data` has a default. */
export type TokenJobSpec = Pick<TokenSettings, "task" | "data"> & Partial<TokenSettings>;
