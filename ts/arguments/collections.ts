import { ConfigError } from "../errors/errors.js";
import { excerpt } from "../errors/excerpt.js";

// Checks of lists and objects. They accept any value, since JavaScript passes any, and return a copy.

/**
 * A copy of a list, with `take` applied to each item. Stops where `take` throws, so a list that only claims to be long costs nothing.
 * Throws `ConfigError` for anything but a list.
 *
 * @param expected what the message says was expected
 */
export function listFrom<T>(expected: string, given: unknown, take: (item: unknown, place: number) => T): T[] {
  if (!Array.isArray(given)) throw refused(expected, given);
  const list: T[] = [];
  for (let i = 0; i < given.length; i++) list.push(take(given[i], i));
  return list;
}

/** A copy of a list of strings. Throws `ConfigError` for anything else. */
export function namesFrom(expected: string, given: unknown): string[] {
  return listFrom(expected, given, (name, place) => {
    if (typeof name === "string") return name;
    throw new ConfigError(`${expected}, got ${excerpt(name)} at place ${place}`, { expected, value: name, place });
  });
}

/** Whether a value is an object of values by name: not a list, Map, buffer or date. */
export function isRecord(given: unknown): given is Readonly<Record<string, unknown>> {
  return typeof given === "object" && given !== null && Object.prototype.toString.call(given) === "[object Object]";
}

/** Throws `ConfigError` unless a value is an object of values by name. */
export function checkRecord(expected: string, given: unknown): asserts given is Readonly<Record<string, unknown>> {
  if (!isRecord(given)) throw refused(expected, given);
}

function refused(expected: string, value: unknown): ConfigError {
  return new ConfigError(`${expected}, got ${excerpt(value)}`, { expected, value });
}
