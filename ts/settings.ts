import { ConfigError, type ErrorClass } from "./errors.js";
import { excerpt } from "./excerpt.js";

// Checks of single settings: each gives back what came, or throws a `ConfigError` that says what was expected. They take
// anything, since JavaScript passes anything.

/** Largest finite float32: what kernels compute with. */
const LARGEST = 3.4028234663852886e38;

/** "<what>: <name> is <expected>, got <value>" */
export function unexpected(
  what: string,
  name: string,
  expected: string,
  value: unknown,
  kind: ErrorClass = ConfigError,
): Error {
  return new kind(`${what}: ${name} is ${expected}, got ${excerpt(value)}`);
}

const isNumber = (value: unknown): value is number => typeof value === "number";

/** Any number, NaN and infinities too. */
export function number(what: string, name: string, value: unknown): number {
  if (isNumber(value)) return value;
  throw unexpected(what, name, "a number", value);
}

/** A finite number, in float32 too. */
export function finite(what: string, name: string, value: unknown): number {
  if (isNumber(value) && Math.abs(value) <= LARGEST) return value;
  throw unexpected(what, name, `a finite number${Number.isFinite(value) ? " that float32 holds" : ""}`, value);
}

/** A finite number from 0. */
export function nonNegative(what: string, name: string, value: unknown): number {
  if (isNumber(value) && value >= 0 && value <= LARGEST) return value;
  throw unexpected(what, name, "a number from 0", value);
}

/** A number above 0, finite or up to `most`. */
export function positive(what: string, name: string, value: unknown, most = LARGEST): number {
  if (isNumber(value) && value > 0 && value <= most) return value;
  throw unexpected(what, name, "a number above 0", value);
}

/** A number from 0 to below 1, or to 1 where `closed`. */
export function fraction(what: string, name: string, value: unknown, closed = false): number {
  if (isNumber(value) && value >= 0 && (value < 1 || (closed && value === 1))) return value;
  throw unexpected(what, name, `a number from 0 to ${closed ? "" : "below "}1`, value);
}

/** A whole number from `least` to `most`. */
export function whole(
  what: string,
  name: string,
  value: unknown,
  least = 0,
  most: number = Number.MAX_SAFE_INTEGER,
): number {
  if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most) return value as number;
  const end = most === Number.MAX_SAFE_INTEGER ? "" : ` to ${most}`;
  throw unexpected(what, name, `a whole number from ${least}${end}`, value);
}

/** true or false. */
export function flag(what: string, name: string, value: unknown): boolean {
  if (typeof value === "boolean") return value;
  throw unexpected(what, name, "true or false", value);
}

/** One of a few words. */
export function oneOf<T extends string>(what: string, name: string, value: unknown, words: readonly T[]): T {
  if (words.includes(value as T)) return value as T;
  throw unexpected(what, name, `one of ${words.map((word) => `"${word}"`).join(", ")}`, value);
}

/** A function. */
export function callable<T>(what: string, name: string, value: T): T {
  if (typeof value === "function") return value;
  throw unexpected(what, name, "a function", value);
}

/** An object, whose fields are the caller's to check. */
export function object(what: string, name: string, value: unknown, fields = "an object", kind?: ErrorClass): object {
  if (typeof value === "object" && value !== null) return value;
  throw unexpected(what, name, fields, value, kind);
}

/** A list, whose items are the caller's to check. */
export function list(what: string, name: string, value: unknown, items: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw unexpected(what, name, `a list of ${items}`, value);
}

/** How long a list is that may also be a typed array or the like. */
export function lengthOf(what: string, name: string, value: unknown, items: string, kind?: ErrorClass): number {
  const length: unknown = typeof value === "object" && value !== null && (value as unknown[]).length;
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
  kind: ErrorClass = ConfigError,
): Error {
  const message = `${what}: ${name} is a list of ${items}, got ${excerpt(value)} at place ${place}`;
  return new kind(message);
}
