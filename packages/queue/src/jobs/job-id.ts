import { ConfigError } from "lowrank";
import { clip, excerpt, text } from "lowrank/extension";

/** Redis keys of the queue itself. Job keys are `<queue>:<id>`, so a job with such a name would overwrite the queue's data. */
const takenKeys: readonly string[] = [
  "active",
  "completed",
  "de",
  "delayed",
  "events",
  "failed",
  "id",
  "limiter",
  "marker",
  "meta",
  "paused",
  "pc",
  "prioritized",
  "repeat",
  "stalled",
  "stalled-check",
  "wait",
  "waiting-children",
];

/** Characters that servers do not store unchanged: control characters, and lone surrogates, which Redis replaces by one character. */
const isKept = (name: string) => !/[\p{Cc}\p{Cs}]/u.test(name);

/** Checks a queue's name. Throws `ConfigError` for invalid names. */
export function queueName(what: string, given: unknown): string {
  const name = text(what, "name", given);
  const expected = "a name without colons";
  if (name !== "" && !name.includes(":") && isKept(name)) return name;
  throw new ConfigError(`${what}: name is ${expected}, got ${excerpt(name)}`, { op: what, option: "name", expected });
}

/** Checks a job's id; undefined means that the queue assigns a number. Throws `ConfigError` for ids that the queue cannot store. */
export function jobId(what: string, id: unknown): string | undefined {
  if (id === undefined) return undefined;
  const name = text(what, "id", id);
  const error = (expected: string) =>
    new ConfigError(`${what}: id is ${expected}, got ${clip(name)}`, { op: what, option: "id", value: name });
  if (name === "" || /[:\s]|^\d+$/.test(name) || !isKept(name))
    throw error("a name without spaces and colons that is not a number");
  if (takenKeys.includes(name)) throw error(`not one of the queue's reserved names (${takenKeys.join(", ")})`);
  return name;
}
