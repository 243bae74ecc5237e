import { ConfigError } from "../errors/errors.js";
import { clip, excerpt } from "../errors/excerpt.js";
import { oneOf } from "./settings.js";

/**
 * Other names for options, from other libraries or elsewhere in this one; lower case, without underscores. Names that contain the option's
 * own, such as `lora_alpha`, need no entry.
 */
const SYNONYMS =
  "lr learningrate peak,weightdecay wd,eps epsilon,rank r loradim,targetmodules targets,total numtrainingsteps," +
  "accumulate gradientaccumulationsteps,maxgradnorm maxnorm clip,dim axis,dim0 axis0,dim1 axis1,transposea transa," +
  "transposeb transb,maxtokens maxnewtokens maxlength";

/**
 * Throws `ConfigError` unless `given` is an object whose enumerable names are all in `known`; the message suggests the likely option. A
 * misspelt option would otherwise be ignored.
 *
 * @param within options of an option that is an object: the message says where they belong
 */
export function checkOptions(what: string, given: unknown, known: readonly string[], within: OptionsWithin = {}): void {
  if (typeof given !== "object" || given === null || Array.isArray(given) || ArrayBuffer.isView(given)) {
    const details = { op: what, option: "options", expected: "an object", value: given };
    throw new ConfigError(`${what}: options are an object, got ${excerpt(given)}`, details);
  }
  for (const name in given) if (!known.includes(name)) throw unknownOption(what, name, known, within);
}

/** A copy of options, inherited ones too, each read once. */
export function copiedOptions<T extends object>(given: T): T {
  const own = {} as T;
  for (const name in given) own[name] = given[name];
  return own;
}

/** Names of the options inside an option. */
type OptionsWithin = Readonly<Record<string, readonly string[]>>;

function unknownOption(what: string, name: string, known: readonly string[], within: OptionsWithin): ConfigError {
  const outer = likelyName(name, known);
  const inner = Object.entries(within).flatMap(([option, names]) => {
    const found = likelyName(name, names);
    return found === undefined ? [] : [`${option}: { ${found} }`];
  });
  const meant = outer ?? inner[0];
  const quoted = outer === undefined ? `\`${meant}\`` : `"${meant}"`;
  const hint = meant === undefined ? "" : `; did you mean ${quoted}?`;
  const there = known.join(", ") || "none";
  const message = `${what}: there is no option ${excerpt(clip(name, 60))}${hint} (there are ${there})`;
  return new ConfigError(message, { op: what, option: name, meant, allowed: known });
}

/** The known name that means the same, contains it or is part of it, or is spelt nearly the same; undefined for none. */
export function likelyName(name: string, known: readonly string[]): string | undefined {
  const wanted = plain(name);
  if (wanted.length > 60) return undefined;
  // The nearest in length first: keep_dims matches keepDim rather than dim, label matches labels rather than multiLabel.
  const apart = (own: string) => Math.abs(own.length - wanted.length);
  const nearest = [...known].sort((a, b) => apart(a) - apart(b));
  const find = (test: (own: string) => boolean) => nearest.find((option) => test(plain(option)));
  const same = SYNONYMS.split(",").find((group) => group.split(" ").includes(wanted)) ?? wanted;
  const spelt = (typos: number) => (own: string) => wanted.length >= 3 * typos && nearly(wanted, own, typos);
  return (
    find((own) => same.split(" ").includes(own)) ??
    find((own) => Math.min(own.length, wanted.length) > 3 && (own.includes(wanted) || wanted.includes(own))) ??
    find(spelt(1)) ??
    find(spelt(2))
  );
}

const plain = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, "");

/** Whether `b` is `a` with at most so many letters inserted, deleted or replaced. */
/** The name that differs by one letter; undefined for none, and for short names, which are close to too many. */
export function misspelt(name: string, names: readonly string[]): string | undefined {
  const wanted = plain(name);
  return wanted.length < 3 || wanted.length > 60 ? undefined : names.find((own) => nearly(wanted, plain(own), 1));
}

function nearly(a: string, b: string, typos: number): boolean {
  if (a === b || typos < 0) return typos >= 0;
  const [restA, restB] = [a.slice(1), b.slice(1)];
  if (a[0] === b[0]) return nearly(restA, restB, typos);
  return nearly(restA, b, typos - 1) || nearly(a, restB, typos - 1) || nearly(restA, restB, typos - 1);
}

/**
 * Throws `ConfigError` for an unexpected argument, which would otherwise be ignored.
 *
 * @param advice what to do instead
 */
export function checkNothing(what: string, given: readonly unknown[], advice: string): void {
  if (given.every((value) => value === undefined)) return;
  const message = `${what}: nothing is taken${what.endsWith("Adapter") ? " beside the name" : ""}, got ${excerpt(given[0])}: ${advice}`;
  throw new ConfigError(message, { op: what, expected: "nothing", value: given[0] });
}

/** What to do with files in memory, for callers who pass a folder. */
export const WRITE_THEM =
  "it gives the files by name, as bytes; in Node, `await writeFilesAtomically(folder, files)` writes them";

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
