import { oneOf, unexpected, whole } from "../../arguments/settings.js";
import { isJsonObject } from "../../io/json.js";
import { type RunSettings, taskOf } from "../spec/run-settings.js";
import { checkTaskSettings } from "../spec/read-settings.js";
import type { TaskTable } from "../task-definition.js";
import type { RunOrigin } from "./origin-check.js";

/** A checkpoint's state of the run, together with the task's measurements before training. */
export interface RunState extends RunOrigin {
  readonly settings: RunSettings;
}

/** Throws `ConfigError`, naming the field, unless a value from a file is a run's state. `what` begins the message. */
export function checkRunState(what: string, value: unknown, tasks: TaskTable): asserts value is RunState {
  const run = objectAt(what, "run", value);
  const { settings } = run;
  checkTaskSettings(what, settings, tasks);
  for (const name of ["modelHash", "trainHash", "validationHash", "testHash"])
    if (name !== "testHash" || run[name] !== null) checkHash(what, `run.${name}`, run[name]);
  oneOf(what, "run.build", run["build"], ["simd", "relaxed"]);
  whole(what, "run.threads", run["threads"], 1);
  tasks[taskOf(settings)]!.checkState(what, run);
}

/** Throws `ConfigError` unless a value is a SHA-256. */
export function checkHash(what: string, place: string, value: unknown): asserts value is string {
  if (typeof value === "string" && /^[0-9a-f]{64}$/.test(value)) return;
  throw unexpected(what, place, "a SHA-256 in hexadecimal", value);
}

/** An object. Throws `ConfigError` for other values. */
export function objectAt(what: string, place: string, value: unknown): Readonly<Record<string, unknown>> {
  if (isJsonObject(value)) return value;
  throw unexpected(what, place, "an object", value);
}
