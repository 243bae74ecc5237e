import type { JobSettings } from "../../jobs/spec/any-settings.js";
import { languageFields } from "../../jobs/spec/language-settings.js";
import { type SettingsOptions, resolveSettings, settingsGiven } from "./finetune-options.js";
import { resolveLanguageSettings } from "./language-options.js";
import { resolveTokenSettings } from "./token-options.js";

/** What options and defaults make of a run of any task. `bundled` are the data of a classifier of texts where none are named. Throws `ConfigError`. */
export function jobSettings(options: SettingsOptions, bundled: Parameters<typeof resolveSettings>[1]): JobSettings {
  if (options.task === "tokens") return resolveTokenSettings(options);
  if (options.task === undefined) return resolveSettings(options, bundled);
  return resolveLanguageSettings(options, settingsGiven(options, languageFields));
}
