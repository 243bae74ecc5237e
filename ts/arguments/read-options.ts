import { checkOptions } from "./options.js";
import { oneOf } from "./settings.js";

/** Reads one option: returns it, or a copy; throws a named error for an invalid value. */
export type Read<T> = (what: string, name: string, value: unknown) => T;

/** A reader for each option. */
export type Readers<T> = { readonly [Name in keyof T]: Read<T[Name]> };

/**
 * Reads each option of `readers` once. Throws `ConfigError` for anything but an object, and for unknown names.
 */
export function readOptions<T>(what: string, given: unknown, readers: Readers<T>): T {
  checkOptions(what, given, Object.keys(readers));
  const taken = {} as T;
  for (const name in readers) taken[name] = readers[name](what, name, (given as T)[name]);
  return taken;
}

/** An option with a default; further arguments are limits for `read`. */
export function or<T, L extends unknown[]>(
  fallback: NoInfer<T>,
  read: (what: string, name: string, value: unknown, ...limits: L) => T,
  ...limits: L
): Read<T> {
  return (what, name, value) => (value === undefined ? fallback : read(what, name, value, ...limits));
}

/** An option without a default. */
export function optional<T, V>(read: (what: string, name: string, value: V) => T): Read<T | undefined> {
  return (what, name, value) => (value === undefined ? undefined : read(what, name, value as V));
}

/** One of a few words; default: the first. */
export function choice<T extends string>(...words: readonly [T, ...T[]]): Read<T> {
  return (what, name, value) => (value === undefined ? words[0] : oneOf(what, name, value, words));
}
