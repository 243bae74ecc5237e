import { text } from "../arguments/settings.js";
import { ConfigError } from "../errors/errors.js";
import { clip } from "../errors/excerpt.js";

/** What stands in Redis beside a queue's jobs, whose keys are `<queue>:<id>`: a job of such a name would be taken for it, and nothing answers any more. */
const takenKeys: readonly string[] = [
  ...["active", "completed", "de", "delayed", "events", "failed", "id", "limiter", "marker", "meta", "paused", "pc"],
  ...["prioritized", "repeat", "stalled", "stalled-check", "wait", "waiting-children"],
];

/** A job's id, as it was given; undefined for one that the queue counts. Throws `ConfigError` for what the queue cannot have as one. */
export function jobId(what: string, id: unknown): string | undefined {
  if (id === undefined) return undefined;
  const name = text(what, "id", id);
  const error = (expected: string) =>
    new ConfigError(`${what}: id is ${expected}, got ${clip(name)}`, { op: what, option: "id", value: name });
  if (name === "" || /[:\s]|^\d+$/.test(name)) throw error("a name without spaces and colons that is no number");
  if (takenKeys.includes(name)) throw error(`none of the queue's own names (${takenKeys.join(", ")})`);
  return name;
}
