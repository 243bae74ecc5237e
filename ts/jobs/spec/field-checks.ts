import { oneOf, unexpected, whole } from "../../arguments/settings.js";
import { isJsonObject } from "../../io/json.js";

/** Throws `ConfigError` unless `value` is what setting `name` can be; `what` begins the message. */
export type Check = (what: string, name: string, value: unknown) => unknown;

const isText = (value: unknown): value is string => typeof value === "string";
const isTexts = (value: unknown) => Array.isArray(value) && value.every(isText);

/** What a test finds right. @param expected what it is, for the message */
export const matching =
  (expected: string, test: (value: unknown) => boolean): Check =>
  (what, name, value) => {
    if (!test(value)) throw unexpected(what, name, expected, value);
  };

/** A text. */
export const text = matching("text", isText);

/** Texts by name. */
export const textsByName = matching(
  "an object of texts",
  (value) => isJsonObject(value) && Object.values(value).every(isText),
);

/** Names of modules: a text, or several. */
export const moduleNames = matching("text or a list of texts", (value) => isText(value) || isTexts(value));

/** A whole number. */
export const wholeFrom =
  (least: number): Check =>
  (what, name, value) =>
    whole(what, name, value, least);

/** One of several words. */
export const among =
  (words: readonly string[]): Check =>
  (what, name, value) =>
    oneOf(what, name, value, words);

/** Null, or what else is checked. */
export const orNull =
  (check: Check): Check =>
  (what, name, value) =>
    value === null ? value : check(what, name, value);

/** Nothing, in what was written before there was such a setting, or what else is checked. */
export const orMissing =
  (check: Check): Check =>
  (what, name, value) =>
    value === undefined ? value : check(what, name, value);

/** Throws `ConfigError`, naming the field, unless a value is an object whose fields are what each can be. */
export function checkFields(
  what: string,
  value: unknown,
  place: string,
  checks: Readonly<Record<string, Check>>,
): asserts value is Readonly<Record<string, unknown>> {
  if (!isJsonObject(value)) throw unexpected(what, place, "an object", value);
  for (const [name, check] of Object.entries(checks)) check(what, `${place}.${name}`, value[name]);
}
