import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { JobSettings } from "../../jobs/spec/any-settings.js";
import { languageFields } from "../../jobs/spec/language-settings.js";
import { absolutePath } from "./absolute-path.js";
import { type exampleData, resolveSettings, type SettingsOptions, settingsGiven } from "./finetune-options.js";
import { resolveLanguageSettings } from "./language-options.js";
import { resolveTokenSettings } from "./token-options.js";

/** What the options and the defaults make of a new run of any task. `bundled` are a classifier's data where none are named. */
export function freshSettings(options: SettingsOptions, bundled: typeof exampleData): JobSettings {
  if (options.task === "tokens") return withAbsolutePaths(resolveTokenSettings(options));
  return options.task === undefined
    ? withAbsolutePaths(resolveSettings(options, bundled))
    : withAbsolutePaths(resolveLanguageSettings(options, settingsGiven(options, languageFields)));
}

/** With paths that still lead there from another working folder. */
export function withAbsolutePaths<
  T extends { data?: string; validation?: string | null; test?: string | null; model?: string },
>(paths: T): T {
  const absolute: { data?: string; validation?: string; test?: string; model?: string } = {};
  if (paths.data !== undefined) absolute.data = absolutePath(paths.data);
  if (typeof paths.validation === "string") absolute.validation = absolutePath(paths.validation);
  if (typeof paths.test === "string") absolute.test = absolutePath(paths.test);
  if (paths.model !== undefined && existsSync(paths.model)) absolute.model = resolve(paths.model);
  return { ...paths, ...absolute };
}
