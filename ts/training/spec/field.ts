import { oneOf, unexpected, whole } from "../../arguments/settings.js";
import { isJsonObject } from "../../io/json.js";

/** Returns `value`, or throws `ConfigError` if setting `name` does not accept it; `what` begins the message. */
export type Check<T> = (what: string, name: string, value: unknown) => T;

const isText = (value: unknown): value is string => typeof value === "string";
const isTexts = (value: unknown) => Array.isArray(value) && value.every(isText);

/** A value that passes a test. @param expected description for the message */
export const matching =
  <T>(expected: string, test: (value: unknown) => boolean): Check<T> =>
  (what, name, value) => {
    if (!test(value)) throw unexpected(what, name, expected, value);
    return value as T;
  };

/** A text. */
export const text = matching<string>("text", isText);

/** Texts by name. */
export const textsByName = matching<Readonly<Record<string, string>>>(
  "an object of texts",
  (value) => isJsonObject(value) && Object.values(value).every(isText),
);

/** Names of modules: a text, or several. */
export const moduleNames = matching<readonly string[] | string>(
  "text or a list of texts",
  (value) => isText(value) || isTexts(value),
);

/** A whole number. */
export const wholeFrom =
  (least: number): Check<number> =>
  (what, name, value) =>
    whole(what, name, value, least);

/** One of several strings. */
export const among =
  <const Word extends string>(words: readonly Word[]): Check<Word> =>
  (what, name, value) =>
    oneOf(what, name, value, words);

/** One string, or a value that passes the check. */
export const wordOr =
  <const Word extends string, T>(word: Word, check: Check<T>): Check<Word | T> =>
  (what, name, value) =>
    value === word ? word : check(what, name, value);

/** Null, or a value that passes the check. */
export const orNull =
  <T>(check: Check<T>): Check<T | null> =>
  (what, name, value) =>
    value === null ? value : check(what, name, value);

/** Recipes by the name that `--recipe` accepts. */
export const recipeNames = ["default", "peft", "few-shot"] as const;

/** A recipe: a set of defaults that belong together. */
export type RecipeName = (typeof recipeNames)[number];

/** A setting of a run: which values it accepts, and its default. */
export interface Field<T> {
  /** Throws `ConfigError`, naming the field, for a value that it does not accept. */
  readonly check: Check<T>;
  /** The value of a spec that omits the field, by recipe; null if there is no default and the field is required. */
  readonly defaults: Readonly<Record<RecipeName, T>> | null;
  /** The value of results from before the field was there, if it is not the default. */
  readonly former?: T;
}

/** The settings of a task: a row a field. Types, checks, defaults, options of the command line and docs/settings.md follow from it. */
export type Fields = Readonly<Record<string, Field<unknown>>>;

/** The values that rows describe. */
export type ValuesOf<F> = { readonly [Name in keyof F]: F[Name] extends Field<infer T> ? T : never };

/** A field with the same default in every recipe. */
export function field<T>(check: Check<T>, value: NoInfer<T>): Field<T> {
  return fieldByRecipe(check, { default: value });
}

/** A field whose default depends on the recipe; one that is not named has that of "default". */
export function fieldByRecipe<T>(
  check: Check<T>,
  { default: usual, ...own }: { readonly default: NoInfer<T> } & Readonly<Partial<Record<RecipeName, NoInfer<T>>>>,
): Field<T> {
  return { check, defaults: { default: usual, peft: usual, "few-shot": usual, ...own } };
}

/** A field that a spec must have. */
export function requiredField<T>(check: Check<T>): Field<T> {
  return { check, defaults: null };
}

/** A field that was added with a default which the results of earlier versions do not have: theirs is `former`. */
export const since = <T>(row: Field<T>, former: NoInfer<T>): Field<T> => ({ ...row, former });

/** Returns the fields with other defaults. */
export function withDefaults<F extends Fields>(fields: F, values: Partial<ValuesOf<F>>): F {
  const changed = Object.entries(values).map(([name, value]) => [name, field(fields[name]!.check, value)]);
  return { ...fields, ...(Object.fromEntries(changed) as Partial<F>) };
}

/** The defaults of all fields that have one. */
export function defaultsOf<F extends Fields>(fields: F, recipe: RecipeName = "default"): ValuesOf<F> {
  const rows = Object.entries(fields).flatMap(([name, { defaults }]) =>
    defaults === null ? [] : [[name, defaults[recipe]]],
  );
  return Object.fromEntries(rows) as ValuesOf<F>;
}

/** The settings of a run, which may be of an earlier version: with the values that it had for fields which were not there yet. */
export function completed<S extends object>(settings: S, fields: Fields): S {
  const own = settings as Readonly<Record<string, unknown>>;
  const recipe = (own["recipe"] ?? fields["recipe"]?.former ?? "default") as RecipeName;
  const missing = Object.entries(fields).flatMap(([name, row]) =>
    own[name] !== undefined || row.defaults === null
      ? []
      : [[name, row.former === undefined ? row.defaults[recipe] : row.former]],
  );
  return { ...settings, ...(Object.fromEntries(missing) as Partial<S>) };
}
