import { isRecord } from "../../arguments/collections.js";
import { copiedOptions } from "../../arguments/options.js";
import { flag, oneOf } from "../../arguments/settings.js";
import { isJsonObject } from "../../io/json.js";
import type { TaskTable } from "../task-definition.js";
import { checkSettings, readSpec } from "./read-settings.js";
import type { Fields } from "./field.js";
import { MULTI_LABEL_TASK, type RunSettings, taskOf, UNNAMED_TASK } from "./run-settings.js";

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
