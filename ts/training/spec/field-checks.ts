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
