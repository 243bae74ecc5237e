import { ConfigError } from "../errors/errors.js";
import { excerpt } from "../errors/excerpt.js";

// Checks of what holds other things. They take anything, since JavaScript passes anything, and give a copy.

/**
 * A copy of a list, of what `take` makes of each item. The walk ends where `take` throws, so the gaps of a list that only
 * claims to be long cost nothing. Throws `ConfigError` for what is no list.
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

/** Whether something is an object of values by name: no list, Map, buffer or date, whose own names say nothing. */
export function isRecord(given: unknown): given is Readonly<Record<string, unknown>> {
  return typeof given === "object" && given !== null && Object.prototype.toString.call(given) === "[object Object]";
}

/** Throws `ConfigError` unless something is an object of values by name. */
export function checkRecord(expected: string, given: unknown): asserts given is Readonly<Record<string, unknown>> {
  if (!isRecord(given)) throw refused(expected, given);
}

function refused(expected: string, value: unknown): ConfigError {
  return new ConfigError(`${expected}, got ${excerpt(value)}`, { expected, value });
}
