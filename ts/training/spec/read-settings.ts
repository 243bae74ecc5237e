import { resolveLoraOptions } from "../../adapters/lora-options.js";
import { flag, isRecord, listFrom, oneOf, unexpected } from "../../arguments/settings.js";
import { checkOptions, copiedOptions } from "../../arguments/options.js";
import { ConfigError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import { isJsonObject } from "../../io/json.js";
import type { TaskTable } from "../task-definition.js";
import { completed, defaultsOf, type Fields, recipeNames, type ValuesOf } from "./field.js";
import { MULTI_LABEL_TASK, type RunSettings, taskOf, UNNAMED_TASK } from "./run-settings.js";
import { loraOptions, type SharedSettings, takeFurtherLora } from "./shared-fields.js";

/**
 * A copy of a spec with defaults, every field read once. Throws `ConfigError`, naming the field, for values that its row does not accept.
 * @param what begins the message
 * @internal exported for its tests
 */
export function readSpec<F extends Fields>(what: string, spec: object, fields: F): ValuesOf<F> {
  const given = givenFields(what, spec, fields);
  const { steps, epochs, recipe = "default" } = given;
  const defaults = defaultsOf(fields, oneOf(what, "spec.recipe", recipe, recipeNames));
  const settings = {
    ...defaults,
    ...(typeof epochs === "number" && { steps: null }),
    ...(typeof steps === "number" && { epochs: null }),
    ...given,
  };
  checkSettings(what, settings, fields, "spec");
  if (typeof steps !== "number" || typeof epochs !== "number") return settings;
  throw new ConfigError(`${what}: spec.steps and spec.epochs both set how long to train; pass only one of them`, {
    steps,
    epochs,
  });
}

/** A copy of the fields that a spec has, each read once. Throws `ConfigError` for unknown ones. */
function givenFields(what: string, spec: object, fields: Fields): Record<string, unknown> {
  checkOptions(`${what}: spec`, spec, Object.keys(fields));
  const given: Record<string, unknown> = {};
  for (const name in spec) {
    const own = (spec as Record<string, unknown>)[name];
    const value = name === "lora" ? takeFurtherLora(what, "spec.lora", own) : copied(`${what}: spec.${name}`, own);
    if (value !== undefined) given[name] = value;
  }
  return given;
}

function copied(place: string, value: unknown): unknown {
  if (Array.isArray(value)) {
    const expected = `${place} is a list of texts or numbers`;
    return listFrom(expected, value, (item: unknown, i) => {
      if (typeof item === "string" || typeof item === "number") return item;
      throw new ConfigError(`${expected}, got ${excerpt(item)} at place ${i}`, { expected, value: item, place: i });
    });
  }
  return isJsonObject(value) ? { ...value } : value;
}

/**
 * Throws `ConfigError`, naming the field, unless a value from a file or a caller has the fields of a table. A file of an earlier version may
 * lack those with a default: `completed` adds them.
 * @param what begins the message; @param place the settings' name in it
 */
export function checkSettings<F extends Fields>(
  what: string,
  value: unknown,
  fields: F,
  place = "settings",
): asserts value is ValuesOf<F> {
  if (!isJsonObject(value)) throw unexpected(what, place, "an object", value);
  const strange = Object.keys(value).find((name) => !Object.hasOwn(fields, name));
  if (strange !== undefined) {
    const problem = `${what}: ${place} has ${excerpt(strange)}, which is not a setting of this task`;
    const hint = "it is unknown to this version, which a newer one may have written";
    throw new ConfigError(`${problem}: ${hint}`, { option: strange, allowed: Object.keys(fields) });
  }
  const whole = completed(value, fields);
  for (const [name, { check }] of Object.entries(fields)) check(what, `${place}.${name}`, whole[name]);
  const options = loraOptions(whole as unknown as SharedSettings);
  if (options !== null) resolveLoraOptions(what, options, []);
}

/** The first field in which settings differ from those that a run began with; null if they are the same. Fields with a default may be missing. */
export function firstDifference<S extends object>(settings: S, began: S, fields: Fields): (keyof S & string) | null {
  const [a, b] = [completed(settings, fields), completed(began, fields)];
  const names = Object.keys({ ...a, ...b }) as (keyof S & string)[];
  return names.find((name) => canonical(a[name]) !== canonical(b[name])) ?? null;
}

/** Equal text for equal values, whatever the order of an object's keys. */
function canonical(value: unknown): string {
  return JSON.stringify(isJsonObject(value) ? Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)) : value);
}

/** A copy of a spec with its defaults, every field read once. Throws `ConfigError`, naming the field, for invalid values. */
export function takeSpec(what: string, spec: object, tasks: TaskTable): RunSettings {
  const fields = (name: string) => tasks[name]!.fields;
  if (!isRecord(spec)) return readSpec(what, spec, fields(UNNAMED_TASK)) as unknown as RunSettings;
  const given = copiedOptions(spec);
  const { task, multiLabel, ...rest } = given as { readonly task?: unknown; readonly multiLabel?: unknown };
  const several = multiLabel === undefined ? task === MULTI_LABEL_TASK : flag(what, "spec.multiLabel", multiLabel);
  if (task === undefined || task === UNNAMED_TASK || task === MULTI_LABEL_TASK)
    return (several
      ? readSpec(what, { ...rest, multiLabel: true }, fields(MULTI_LABEL_TASK))
      : readSpec(what, rest, fields(UNNAMED_TASK))) as unknown as RunSettings;
  return readSpec(
    what,
    given,
    fields(oneOf(what, "spec.task", task as string, Object.keys(tasks))),
  ) as unknown as RunSettings;
}

/** The settings of the task that a run has. */
export const fieldsOf = (settings: RunSettings, tasks: TaskTable): Fields => tasks[taskOf(settings)]!.fields;

/** Throws `ConfigError`, naming the field, unless a value from a file is a run's settings. */
export function checkTaskSettings(what: string, value: unknown, tasks: TaskTable): asserts value is RunSettings {
  const task = isJsonObject(value) ? taskOf(value) : UNNAMED_TASK;
  checkSettings(what, value, tasks[oneOf(what, "settings.task", task, Object.keys(tasks))]!.fields);
}
