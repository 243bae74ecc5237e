import { isRecord } from "../../arguments/collections.js";
import { oneOf } from "../../arguments/settings.js";
import { isJsonObject } from "../../io/json.js";
import { type JobSpec, takeSpec } from "./job-spec.js";
import {
  checkLanguageSettings,
  type LanguageJobSpec,
  type LanguageSettings,
  languageTasks,
  takeLanguageSpec,
} from "./language-settings.js";
import { checkSettings } from "./settings-check.js";
import { checkTokenSettings, takeTokenSpec, type TokenJobSpec, type TokenSettings } from "./token-settings.js";
import type { TrainingSettings } from "./training-settings.js";

/** What a run learns. A spec without `task` is a classifier's. */
export type TaskName = "classify" | TokenSettings["task"] | LanguageSettings["task"];

/** Settings of any run. */
export type JobSettings = TrainingSettings | TokenSettings | LanguageSettings;

/** A spec of any run. */
export type AnyJobSpec = JobSpec | TokenJobSpec | LanguageJobSpec;

/** How a task's settings are read. */
interface SettingsKind {
  /** A copy of a caller's spec with defaults. Throws `ConfigError`. */
  take(what: string, spec: object): JobSettings;
  /** Throws `ConfigError` unless a value from a file is such settings. */
  check(what: string, value: unknown): void;
}

const language: SettingsKind = { take: takeLanguageSpec, check: checkLanguageSettings };

/** How each task's settings are read. */
const settingsKinds: Readonly<Record<TaskName, SettingsKind>> = {
  classify: { take: (what, spec) => takeSpec(what, spec as JobSpec), check: checkSettings },
  tokens: { take: takeTokenSpec, check: checkTokenSettings },
  text: language,
  chat: language,
};

const taskNames = Object.keys(settingsKinds) as TaskName[];

/** What a spec's `task` can be: a classifier's has none. */
const namedTasks = taskNames.filter((name) => name !== "classify");

/** What a run with these settings learns. */
export const taskOf = (settings: JobSettings): TaskName => ("task" in settings ? settings.task : "classify");

/** Whether these are a language model's. */
export const isLanguage = (settings: JobSettings): settings is LanguageSettings =>
  (languageTasks as readonly TaskName[]).includes(taskOf(settings));

/** Whether these are of a run on labelled words. */
export const isTokens = (settings: JobSettings): settings is TokenSettings => taskOf(settings) === "tokens";

/** A copy of a spec with its defaults, every field read once. Throws `ConfigError`, naming the field, for what makes no sense. */
export function takeAnySpec(what: string, spec: AnyJobSpec): JobSettings {
  if (!isRecord(spec)) return takeSpec(what, spec);
  const given: Record<string, unknown> = {};
  for (const name in spec) given[name] = spec[name as keyof AnyJobSpec];
  const { task, ...rest } = given;
  if (task === undefined) return settingsKinds.classify.take(what, rest);
  return settingsKinds[oneOf(what, "spec.task", task, namedTasks)].take(what, given);
}

/** Throws `ConfigError`, naming the field, unless a value from a file is a run's settings. */
export function checkAnySettings(what: string, value: unknown): asserts value is JobSettings {
  const task = isJsonObject(value) ? (value["task"] ?? "classify") : "classify";
  settingsKinds[oneOf(what, "settings.task", task, taskNames)].check(what, value);
}
