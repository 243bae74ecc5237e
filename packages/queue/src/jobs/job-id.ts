import { ConfigError } from "lowrank";
import { clip, excerpt, text } from "lowrank/extension";

/** What stands in Redis beside a queue's jobs, whose keys are `<queue>:<id>`: a job of such a name would be taken for it, and nothing answers any more. */
const takenKeys: readonly string[] = [
  ...["active", "completed", "de", "delayed", "events", "failed", "id", "limiter", "marker", "meta", "paused", "pc"],
  ...["prioritized", "repeat", "stalled", "stalled-check", "wait", "waiting-children"],
];

/** What no server keeps as it was given: control characters, and halves of surrogate pairs, which Redis makes one of all. */
const isKept = (name: string) => !/[\p{Cc}\p{Cs}]/u.test(name);

/** A queue's name. Throws `ConfigError` for what is none. */
export function queueName(what: string, given: unknown): string {
  const name = text(what, "name", given);
  const expected = "a name without colons";
  if (name !== "" && !name.includes(":") && isKept(name)) return name;
  throw new ConfigError(`${what}: name is ${expected}, got ${excerpt(name)}`, { op: what, option: "name", expected });
}

/** A job's id, as it was given; undefined for one that the queue counts. Throws `ConfigError` for what the queue cannot have as one. */
export function jobId(what: string, id: unknown): string | undefined {
  if (id === undefined) return undefined;
  const name = text(what, "id", id);
  const error = (expected: string) =>
    new ConfigError(`${what}: id is ${expected}, got ${clip(name)}`, { op: what, option: "id", value: name });
  if (name === "" || /[:\s]|^\d+$/.test(name) || !isKept(name))
    throw error("a name without spaces and colons that is no number");
  if (takenKeys.includes(name)) throw error(`none of the queue's own names (${takenKeys.join(", ")})`);
  return name;
}
