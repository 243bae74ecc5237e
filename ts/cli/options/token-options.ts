import { ConfigError } from "../../errors/errors.js";
import { specFields } from "../../jobs/spec/job-spec.js";
import { languageFields } from "../../jobs/spec/language-settings.js";
import { type TokenSettings, tokenDefaults, tokenFields } from "../../jobs/spec/token-settings.js";
import { type SettingsOptions, settingsGiven } from "./finetune-options.js";
import { flagOf } from "./job-words.js";

/** Names that are settings of other tasks alone. */
const ofOthers = [...specFields, ...languageFields].filter(
  (name) => !tokenFields.includes(name),
) as (keyof SettingsOptions)[];

/** What the given options and the defaults make of a run on labelled words. Throws `ConfigError` for options of other tasks, and without data. */
export function resolveTokenSettings(given: SettingsOptions): TokenSettings {
  const strange = ofOthers.find((name) => given[name] !== undefined);
  if (strange !== undefined || given.folds !== undefined) {
    const option = strange === undefined ? "--folds" : flagOf(strange as keyof TokenSettings);
    const instead = strange === "label" || strange === "text" ? "; --fields tokens=…,tags=… names columns" : "";
    throw new ConfigError(`${option} says nothing of --task tokens${instead}`, { option });
  }
  const { data } = given;
  if (data === undefined)
    throw new ConfigError("--task tokens needs labelled words to learn from: name them with --data FILE", {
      option: "--data",
    });
  const steps = given.epochs === undefined ? {} : { steps: null };
  const settings = settingsGiven(given, tokenFields);
  return { ...tokenDefaults(given.recipe ?? "default"), ...steps, ...settings, task: "tokens", data };
}
