import { ConfigError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";

/** The name by which a page finds a run again. Throws `ConfigError` for what is none. */
export function takeRunName(name: string): string {
  if (typeof name === "string" && name.trim() !== "" && name.length <= 1000) return name;
  const details = { op: "opfsStore", expected: "a name", value: name };
  throw new ConfigError(`opfsStore: a run's name is expected, got ${excerpt(name)}`, details);
}
