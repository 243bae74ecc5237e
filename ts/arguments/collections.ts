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

/** Maximum nesting of lists and objects. */
const DEEPEST = 100;

/** A deep copy of JSON data. Undefined fields are left out. Throws `ConfigError` for anything else in it. */
export function plainCopy(what: string, name: string, value: unknown, depth = 0): unknown {
  if (value === null || ["string", "number", "boolean"].includes(typeof value)) return value;
  const expected = "data as JSON has it";
  if (depth > DEEPEST)
    throw new ConfigError(`${what}: ${name} is ${expected}, no more than ${DEEPEST} deep`, {
      op: what,
      option: name,
      expected,
    });
  if (Array.isArray(value)) {
    const items: unknown[] = [];
    // A gap ends the loop, however many there are.
    for (let i = 0; i < value.length; i++) items.push(plainCopy(what, `${name}[${i}]`, value[i], depth + 1));
    return items;
  }
  if (isRecord(value)) {
    const fields = Object.entries(value).filter(([, field]) => field !== undefined);
    return Object.fromEntries(
      fields.map(([key, field]) => [key, plainCopy(what, `${name}.${key.slice(0, 40)}`, field, depth + 1)]),
    );
  }
  throw new ConfigError(`${what}: ${name} is ${expected}, got ${excerpt(value)}`, {
    op: what,
    option: name,
    expected,
    value,
  });
}
