import { ConfigError } from "../errors/errors.js";

/** A value as JSON. Throws `ConfigError` for what has none, such as a circle. */
export function jsonText(what: string, name: string, value: unknown): string {
  try {
    return JSON.stringify(value) ?? "null";
  } catch (cause) {
    const message = `${what}: ${name} is no JSON: ${String(cause)}`;
    throw new ConfigError(message, { op: what, option: name, expected: "JSON" }, { cause });
  }
}

/** A copy of a value of JSON. Throws as `jsonText`. */
export const jsonCopy = (what: string, name: string, value: unknown): unknown =>
  JSON.parse(jsonText(what, name, value)) as unknown;
