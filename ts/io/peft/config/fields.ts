import { isRecord } from "../../../arguments/collections.js";

/** A kind of field value: how to read it from JSON or a caller, and its description for messages. */
export interface FieldType<T> {
  readonly expected: string;
  /** A copy of the value, or undefined if `json` is not of this kind. */
  read(json: unknown): T | undefined;
}

function type<T>(expected: string, read: (json: unknown) => T | undefined): FieldType<T> {
  return { expected, read };
}

const isText = (json: unknown): json is string => typeof json === "string";
const isNumber = (json: unknown): json is number => typeof json === "number" && Number.isFinite(json);
const isRank = (json: unknown): json is number => Number.isSafeInteger(json) && (json as number) > 0;
const isIndex = (json: unknown): json is number => Number.isSafeInteger(json) && (json as number) >= 0;

const only =
  <T>(test: (json: unknown) => json is T) =>
  (json: unknown) =>
    test(json) ? json : undefined;

const listOf =
  <T>(test: (json: unknown) => json is T) =>
  (json: unknown): readonly T[] | undefined => {
    if (!Array.isArray(json)) return undefined;
    const list: T[] = [];
    // A gap ends the walk, however long the list claims to be.
    for (let i = 0; i < json.length; i++) {
      const item: unknown = json[i];
      if (!test(item)) return undefined;
      list.push(item);
    }
    return list;
  };

/** Numbers by name as a Map, which no key can confuse. */
const mapOf = (test: (json: unknown) => json is number) => (json: unknown) => {
  if (json === null) return new Map<string, number>();
  if (!(json instanceof Map) && !isRecord(json)) return undefined;
  const entries: [unknown, unknown][] = json instanceof Map ? [...json.entries()] : Object.entries(json);
  const isEntry = (entry: [unknown, unknown]): entry is [string, number] => isText(entry[0]) && test(entry[1]);
  return entries.every(isEntry) ? new Map(entries) : undefined;
};

/** Lists of row numbers by name, or one list. */
function tokens(json: unknown): readonly number[] | ReadonlyMap<string, readonly number[]> | undefined {
  if (Array.isArray(json)) return listOf(isIndex)(json);
  if (!(json instanceof Map) && !isRecord(json)) return undefined;
  const rows = new Map<string, readonly number[]>();
  for (const [name, value] of json instanceof Map ? json : Object.entries(json)) {
    const list = listOf(isIndex)(value);
    if (!isText(name) || list === undefined) return undefined;
    rows.set(name, list);
  }
  return rows;
}

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
  tokensOrNull: type("a list of row numbers, an object of such lists by an embedding's name, or null", (json) =>
    json === null ? null : tokens(json),
  ),
  ranks: type("an object of whole numbers above 0", mapOf(isRank)),
  numbers: type("an object of numbers", mapOf(isNumber)),
};
