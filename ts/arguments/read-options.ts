import { checkOptions } from "./options.js";
import { oneOf } from "./settings.js";

/** Reads one option: gives it back, or its copy; throws a named error where it makes no sense. */
export type Read<T> = (what: string, name: string, value: unknown) => T;

/** What options there are, and how each is read. */
export type Readers<T> = { readonly [Name in keyof T]: Read<T[Name]> };

/**
 * Each option that `readers` describe, read once. Throws `ConfigError` for what is no object of options and for unknown
 * names.
 */
export function readOptions<T>(what: string, given: unknown, readers: Readers<T>): T {
  checkOptions(what, given, Object.keys(readers));
  const taken = {} as T;
  for (const name in readers) taken[name] = readers[name](what, name, (given as T)[name]);
  return taken;
}

/** An option that has a default; `read` may take limits behind the value. */
export function or<T, L extends unknown[]>(
  fallback: NoInfer<T>,
  read: (what: string, name: string, value: unknown, ...limits: L) => T,
  ...limits: L
): Read<T> {
  return (what, name, value) => (value === undefined ? fallback : read(what, name, value, ...limits));
}

/** An option that may be left out. */
export function optional<T, V>(read: (what: string, name: string, value: V) => T): Read<T | undefined> {
  return (what, name, value) => (value === undefined ? undefined : read(what, name, value as V));
}

/** One of a few words, the first by default. */
export function choice<T extends string>(...words: readonly [T, ...T[]]): Read<T> {
  return (what, name, value) => (value === undefined ? words[0] : oneOf(what, name, value, words));
}
