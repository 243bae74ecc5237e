import { ConfigError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";

/** A checked name of a run in a page. Throws `ConfigError`. */
export function takeRunName(name: string): string {
  if (typeof name === "string" && name.trim() !== "" && name.length <= 1000) return name;
  const details = { op: "opfsStore", expected: "a name", value: name };
  throw new ConfigError(`opfsStore: a run's name is expected, got ${excerpt(name)}`, details);
}
