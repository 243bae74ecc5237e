import { ConfigError, type ErrorClass } from "../errors/errors.js";
import { excerpt } from "../errors/excerpt.js";
import { isDisguised, typedKind, typedLength } from "./typed-array.js";

// Checks of single values: each returns the value, or throws a `ConfigError` that says what was expected. They accept any value, since
// JavaScript passes any.

/** Largest finite float32, the kernels' number format. */
const LARGEST = 3.4028234663852886e38;

/** The name in `details`: without the words before it in the sentence. */
export const keyOf = (name: string) => name.split(" ").pop();

/** "<what>: <name> is <expected>, got <value>" */
export function unexpected(
  what: string,
  name: string,
  expected: string,
  value: unknown,
  kind: ErrorClass = ConfigError,
  more: Record<string, unknown> = {},
): Error {
  const at = more["place"] === undefined ? "" : ` at place ${more["place"] as number}`;
  const message = `${what}: ${name} is ${expected}, got ${excerpt(value)}${at}`;
  return new kind(message, { op: what, option: keyOf(name), expected, value, ...more });
}

/** "<what>: expected <expected>, got <value>", and what `hint` adds */
export function notExpected(what: string, expected: string, value: unknown, hint = ""): ConfigError {
  return new ConfigError(`${what}: expected ${expected}, got ${excerpt(value)}${hint}`, { op: what, expected, value });
}

/** Returns a value, or throws if it is not as expected. */
type Check<T> = (what: string, name: string, value: unknown) => T;

/** A check that a few words describe. */
export function check<T>(expected: string, fits: (value: T) => boolean): Check<T> {
  return (what, name, value) => {
    if (fits(value as T)) return value as T;
    throw unexpected(what, name, expected, value);
  };
}

const between = (value: unknown, least: number, most: number): value is number =>
  typeof value === "number" && value >= least && value <= most;

/** Any number, NaN and infinities too. */
export const number = check<number>("a number", (value) => typeof value === "number");

/** A finite number, in float32 too. */
export const finite = check<number>("a finite number", (value) => between(value, -LARGEST, LARGEST));

/** A finite number from 0. */
export function nonNegative(what: string, name: string, value: unknown): number {
  if (between(value, 0, LARGEST)) return value;
  const end = typeof value === "number" && value > LARGEST ? ` to ${LARGEST}` : "";
  throw unexpected(what, name, `a number from 0${end}`, value);
}

/** A finite number above 0. */
export const positive = check<number>("a number above 0", (value) => value !== 0 && between(value, 0, LARGEST));

/** A number above 0, or infinity for no limit. */
export const aboveZero = check<number>("a number above 0", (value) => value !== 0 && between(value, 0, Infinity));

/** A number from 0 to below 1. */
export const fraction = check<number>("a number from 0 to below 1", (value) => value !== 1 && between(value, 0, 1));

/** A number from 0 to 1. */
export const share = check<number>("a number from 0 to 1", (value) => between(value, 0, 1));

/** true or false. */
export const flag = check<boolean>("true or false", (value) => typeof value === "boolean");

/** A whole number from `least` to `most`. */
export function whole(
  what: string,
  name: string,
  value: unknown,
  least = 0,
  most: number = Number.MAX_SAFE_INTEGER,
  kind?: ErrorClass,
): number {
  if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most) return value as number;
  // The general maximum is only mentioned to those who exceed it.
  const isBeyond = typeof value === "number" && value > most;
  const end = most === Number.MAX_SAFE_INTEGER && !isBeyond ? "" : ` to ${most}`;
  throw unexpected(what, name, `a whole number from ${least}${end}`, value, kind);
}

/** One of a few words. */
export function oneOf<T extends string>(what: string, name: string, value: unknown, words: readonly T[]): T {
  if (words.includes(value as T)) return value as T;
  const expected = `one of ${words.map((word) => `"${word}"`).join(", ")}`;
  throw unexpected(what, name, expected, value, undefined, { allowed: words });
}

/** Text, which may be empty. */
export const text = check<string>("text", (value) => typeof value === "string");

/** A function. */
export function callable<T>(what: string, name: string, value: T): T {
  if (typeof value === "function") return value;
  throw unexpected(what, name, "a function", value);
}

/** An object; the caller checks its fields. */
export function object(what: string, name: string, value: unknown, fields = "an object", kind?: ErrorClass): object {
  if (typeof value === "object" && value !== null) return value;
  throw unexpected(what, name, fields, value, kind);
}

/** A list; the caller checks its items. */
export function list(what: string, name: string, value: unknown, items: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw unexpected(what, name, `a list of ${items}`, value);
}

/** Length of a list or typed array. */
export function lengthOf(what: string, name: string, value: unknown, items: string, kind?: ErrorClass): number {
  let length: unknown;
  if (typedKind(value) !== undefined) length = typedLength(value);
  else if (typeof value === "object" && value !== null && !isDisguised(value)) ({ length } = value as unknown[]);
  if (Number.isSafeInteger(length) && (length as number) >= 0) return length as number;
  throw unexpected(what, name, `a list of ${items}`, value, kind);
}

/** "<what>: <name> is a list of <items>, got <value> at place <place>" */
export function notListed(
  what: string,
  name: string,
  items: string,
  value: unknown,
  place: number,
  kind?: ErrorClass,
): Error {
  return unexpected(what, name, `a list of ${items}`, value, kind, { place });
}

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
