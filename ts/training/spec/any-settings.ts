import { isRecord } from "../../arguments/collections.js";
import { oneOf } from "../../arguments/settings.js";
import { isJsonObject } from "../../io/json.js";
import { textFields, type TrainingSettings } from "./classifier-fields.js";
import type { Fields } from "./field.js";
import { languageFields, type LanguageJobSpec, type LanguageSettings, languageTasks } from "./language-settings.js";
import { checkSettings, readSpec } from "./read-settings.js";
import { tokenFields, type TokenJobSpec, type TokenSettings } from "./token-settings.js";
import type { JobSpec } from "./training-settings.js";

/** What a run trains. A spec without `task` is a classifier's. */
export type TaskName = "classify" | TokenSettings["task"] | LanguageSettings["task"];

/** Settings of any run. */
export type JobSettings = TrainingSettings | TokenSettings | LanguageSettings;

/** A spec of any run. */
export type AnyJobSpec = JobSpec | TokenJobSpec | LanguageJobSpec;

/** The settings of each task. */
export const fieldsOfTasks = {
  classify: textFields,
  tokens: tokenFields,
  text: languageFields,
  chat: languageFields,
} satisfies Readonly<Record<TaskName, Fields>>;

const taskNames = Object.keys(fieldsOfTasks) as TaskName[];

/** What a spec's `task` can be: a classifier's has none. */
const namedTasks = taskNames.filter((name) => name !== "classify");

/** What a run with these settings trains. */
export const taskOf = (settings: JobSettings): TaskName => ("task" in settings ? settings.task : "classify");

/** Whether these are a language model's. */
export const isLanguage = (settings: JobSettings): settings is LanguageSettings =>
  (languageTasks as readonly TaskName[]).includes(taskOf(settings));

/** True for the settings of a token-classification run. */
export const isTokens = (settings: JobSettings): settings is TokenSettings => taskOf(settings) === "tokens";

/** A copy of a spec with its defaults, every field read once. Throws `ConfigError`, naming the field, for what it does not accept. */
export function takeAnySpec(what: string, spec: AnyJobSpec): JobSettings {
  if (!isRecord(spec)) return readSpec(what, spec, textFields);
  const given: Record<string, unknown> = {};
  for (const name in spec) given[name] = spec[name as keyof AnyJobSpec];
  const { task, ...rest } = given;
  if (task === undefined) return readSpec(what, rest, textFields);
  return readSpec(what, given, fieldsOfTasks[oneOf(what, "spec.task", task, namedTasks)]);
}

/** Throws `ConfigError`, naming the field, unless a value from a file is a run's settings. */
export function checkAnySettings(what: string, value: unknown): asserts value is JobSettings {
  const task = isJsonObject(value) ? (value["task"] ?? "classify") : "classify";
  checkSettings(what, value, fieldsOfTasks[oneOf(what, "settings.task", task, taskNames)] as Fields);
}
