import { oneOf } from "../../arguments/settings.js";
import { checkTokenFields, type TokenFields } from "../../io/examples/tokens/located-tokens.js";
import { resolveLoraOptions } from "../../adapters/lora-options.js";
import { among, checkFields, textsByName } from "./field-checks.js";
import { checkLength, specDefaults, takeFields } from "./job-spec.js";
import { settingChecks } from "./settings-check.js";
import { type ClassifierSettings, loraOptions, recipeNames } from "./training-settings.js";

/**
 * Everything that the result of a run on labelled words depends on, apart from the files it names. What it shares with a classifier of
 * texts is as there; classes weigh by words, and examples are sentences, or texts with entities.
 */
export interface TokenSettings extends ClassifierSettings {
  /** Words are labelled. */
  readonly task: "tokens";
  /**
   * What the data call a field, by its name here: `tokens` and `tags` (in CoNLL's columns numbers from 0), `text` and `spans`, in tables
   * `sentence` too.
   */
  readonly fields: TokenFields;
}

/** A run on labelled words as plain data. All but `task` and `data` has a default. */
export type TokenJobSpec = Pick<TokenSettings, "task" | "data"> & Partial<TokenSettings>;

type Defaults = Omit<TokenSettings, "task" | "data">;

/** What stands for fields that a spec leaves out. */
export function tokenDefaults(recipe: TokenSettings["recipe"]): Defaults {
  const { text: _, label: _l, labelNames: _n, group: _g, sampling: _s, allow: _a, ...others } = specDefaults(recipe);
  const { dropDuplicates: _d, nearDuplicates: _t, ...rest } = others;
  return { ...rest, validation: null, fields: {} };
}

/** Every field of such a spec. */
export const tokenFields: readonly string[] = [...Object.keys(tokenDefaults("default")), "task", "data"];

/** As `checkSettings`, of such a run. */
export function checkTokenSettings(what: string, value: unknown, place = "settings"): asserts value is TokenSettings {
  const own = { task: among(["tokens"]), fields: textsByName };
  const checks = { ...settingChecks, ...own };
  checkFields(
    what,
    value,
    place,
    Object.fromEntries(Object.entries(checks).filter(([name]) => tokenFields.includes(name))),
  );
  const settings = value as unknown as TokenSettings;
  checkTokenFields(what, settings.fields);
  const options = loraOptions(settings);
  if (options !== null) resolveLoraOptions(what, options, []);
}

/** As `takeSpec`, of such a run. */
export function takeTokenSpec(what: string, spec: object): TokenSettings {
  const given = takeFields(what, spec, tokenFields);
  const { epochs, recipe = "default" } = given as Partial<TokenSettings>;
  const defaults = tokenDefaults(oneOf(what, "spec.recipe", recipe, recipeNames));
  const settings = { ...defaults, ...(typeof epochs === "number" ? { steps: null } : {}), ...given };
  checkTokenSettings(what, settings, "spec");
  checkLength(what, given);
  return settings;
}
