import type { Json } from "../json.js";

/** One kind of field value: how to take it from JSON, and what to tell someone who wrote something else. */
export interface FieldType<T> {
  readonly expected: string;
  /** The value, or undefined where `json` is none of this kind. */
  read(json: Json): T | undefined;
}

function type<T>(expected: string, read: (json: Json) => T | undefined): FieldType<T> {
  return { expected, read };
}

const isText = (json: Json): json is string => typeof json === "string";
const isNumber = (json: Json): json is number => typeof json === "number" && Number.isFinite(json);
const isRank = (json: Json): json is number => Number.isSafeInteger(json) && (json as number) > 0;
const isIndex = (json: Json): json is number => Number.isSafeInteger(json) && (json as number) >= 0;

const only =
  <T extends Json>(test: (json: Json) => json is T) =>
  (json: Json) =>
    test(json) ? json : undefined;

const listOf =
  <T extends Json>(test: (json: Json) => json is T) =>
  (json: Json): readonly T[] | undefined =>
    Array.isArray(json) && json.every(test) ? json : undefined;

/** Object of numbers as a Map, which no key can confuse. */
const mapOf = (test: (json: Json) => json is number) => (json: Json) => {
  if (json === null) return new Map<string, number>();
  if (typeof json !== "object" || Array.isArray(json)) return undefined;
  const entries = Object.entries(json as { [key: string]: Json });
  return entries.every((entry): entry is [string, number] => test(entry[1])) ? new Map(entries) : undefined;
};

/** The kinds of value that LoraConfig's fields take. */
export const types = {
  rank: type("a whole number above 0", only(isRank)),
  number: type("a number", only(isNumber)),
  probability: type("a number from 0 to 1", (json) => (isNumber(json) && json >= 0 && json <= 1 ? json : undefined)),
  flag: type("true or false", (json) => (typeof json === "boolean" ? json : undefined)),
  bias: type(`"none", "all" or "lora_only"`, (json) =>
    json === "none" || json === "all" || json === "lora_only" ? json : undefined,
  ),
  textOrNull: type("a string or null", (json) => (json === null ? null : only(isText)(json))),
  flagOrText: type("true, false or a string", (json) =>
    json === null ? true : typeof json === "boolean" || isText(json) ? json : undefined,
  ),
  names: type("a list of module names or a regular expression", (json) => (isText(json) ? json : listOf(isText)(json))),
  namesOrNull: type("a list of module names, a string or null", (json) =>
    json === null || isText(json) ? json : listOf(isText)(json),
  ),
  listOrNull: type("a list of module names or null", (json) => (json === null ? null : listOf(isText)(json))),
  indicesOrNull: type("a layer number, a list of them or null", (json) =>
    json === null || isIndex(json) ? json : listOf(isIndex)(json),
  ),
  ranks: type("an object of whole numbers above 0", mapOf(isRank)),
  numbers: type("an object of numbers", mapOf(isNumber)),
};
