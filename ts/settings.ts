import { ConfigError } from "./errors.js";
import { excerpt } from "./excerpt.js";

// Checks of single settings: each gives back what came, or throws a `ConfigError` that says what was expected. They take
// anything, since JavaScript passes anything.

/** Largest finite float32: what kernels compute with. */
const LARGEST = 3.4028234663852886e38;

/** A finite number, in float32 too. */
export function finite(what: string, name: string, value: unknown): number {
  if (typeof value === "number" && Math.abs(value) <= LARGEST) return value;
  const why = Number.isFinite(value) ? ", which float32 does not hold" : "";
  throw wrong(what, `${name} is a finite number, got ${excerpt(value)}${why}`, name, value);
}

/** A finite number from 0. */
export function nonNegative(what: string, name: string, value: unknown): number {
  if (typeof value === "number" && value >= 0 && value <= LARGEST) return value;
  throw wrong(what, `${name} is a number from 0, got ${excerpt(value)}`, name, value);
}

/** A finite number above 0. */
export function positive(what: string, name: string, value: unknown): number {
  if (typeof value === "number" && value > 0 && value <= LARGEST) return value;
  throw wrong(what, `${name} is a number above 0, got ${excerpt(value)}`, name, value);
}

/** A number from 0 to below 1, or to 1 where `closed`. */
export function fraction(what: string, name: string, value: unknown, closed = false): number {
  if (typeof value === "number" && value >= 0 && (value < 1 || (closed && value === 1))) return value;
  throw wrong(what, `${name} is a number from 0 to ${closed ? "" : "below "}1, got ${excerpt(value)}`, name, value);
}

/** A whole number from `least` to `most`. */
export function whole(
  what: string,
  name: string,
  value: unknown,
  least = 0,
  most: number = Number.MAX_SAFE_INTEGER,
): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= least && value <= most) return value;
  const range = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`;
  throw wrong(what, `${name} is a whole number ${range}, got ${excerpt(value)}`, name, value);
}

/** true or false. */
export function flag(what: string, name: string, value: unknown): boolean {
  if (typeof value === "boolean") return value;
  throw wrong(what, `${name} is true or false, got ${excerpt(value)}`, name, value);
}

/** One of a few words. */
export function oneOf<T extends string>(what: string, name: string, value: unknown, words: readonly T[]): T {
  if (words.includes(value as T)) return value as T;
  const list = words.map((word) => JSON.stringify(word)).join(", ");
  throw wrong(what, `${name} is one of ${list}, got ${excerpt(value)}`, name, value);
}

/** A function. */
export function callable<T>(what: string, name: string, value: T): T {
  if (typeof value === "function") return value;
  throw wrong(what, `${name} is a function, got ${excerpt(value)}`, name, value);
}

function wrong(what: string, message: string, name: string, value: unknown): ConfigError {
  return new ConfigError(`${what}: ${message}`, { [name]: value });
}
