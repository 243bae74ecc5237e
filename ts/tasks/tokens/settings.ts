import { checkTokenFields, type TokenFields } from "../../io/examples/tokens/located-tokens.js";
import {
  among,
  type Check,
  field,
  type RecipeName,
  requiredField,
  textsByName,
  type ValuesOf,
} from "../../training/spec/field.js";
import { classifierFields } from "../classify/settings.js";

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
   * Names of fields in the data, by their standard names: `tokens` and `tags` (for CoNLL columns, numbers from 0), `text` and `spans`, in
   * tables also `sentence`.
   */
  fields: field(columns, {}),
};

/**
 * Everything that the result of a run on labelled words depends on, except the files it names. Shared settings are as for a text
 * classifier; class weights count words, and examples are sentences, or texts with entities.
 */
export type TokenSettings = ValuesOf<typeof tokenFields>;

/** A run on labelled words as plain data. All fields except `task` and `data` have defaults. */
export type TokenJobSpec = Pick<TokenSettings, "task" | "data"> & Partial<TokenSettings>;
