import { isRecord } from "../../arguments/settings.js";
import type { Schema } from "./keywords.js";

type Fields = Readonly<Record<string, unknown>>;

/** Creates the error for two values of a keyword that cannot be joined. */
export type MergeFailure = (keyword: string) => Error;

const larger = (a: unknown, b: unknown) => Math.max(a as number, b as number);
const smaller = (a: unknown, b: unknown) => Math.min(a as number, b as number);
const listOf = (value: unknown) => (Array.isArray(value) ? (value as unknown[]) : [value]);
/** JSON of a value that equal values share, whatever the order of their properties. */
export const canonical = (value: unknown) =>
  JSON.stringify(value, (_, inner: unknown) =>
    isRecord(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );
const same = (a: unknown, b: unknown) => canonical(a) === canonical(b);

/** What no value meets. */
const NONE = Symbol("none");

/** Values of a keyword for one text, all of which apply. A schema from outside has lists of other classes. */
export class JoinedTexts {
  private constructor(readonly texts: readonly unknown[]) {}

  static of(a: unknown, b: unknown): unknown {
    const all = new Set([a, b].flatMap((value) => (value instanceof JoinedTexts ? value.texts : [value])));
    return all.size === 1 ? a : new JoinedTexts([...all]);
  }
}

/** How two values of a keyword become one that demands both; NONE if no value meets both. */
const joins: Readonly<Record<string, (a: unknown, b: unknown) => unknown>> = {
  minLength: larger,
  minItems: larger,
  minimum: larger,
  exclusiveMinimum: larger,
  maxLength: smaller,
  maxItems: smaller,
  maximum: smaller,
  exclusiveMaximum: smaller,
  type: (a, b) => commonTypes(new Set(listOf(a) as string[]), new Set(listOf(b) as string[])),
  const: (a, b) => (same(a, b) ? a : NONE),
  enum: (a, b) => {
    const others = new Set(listOf(b).map(canonical));
    const common = listOf(a).filter((own) => others.has(canonical(own)));
    return common.length > 0 ? common : NONE;
  },
  required: (a, b) => [...new Set([...listOf(a), ...listOf(b)])],
  items: (a, b) => mergedItems(a, b),
  pattern: (a, b) => JoinedTexts.of(a, b),
  format: (a, b) => JoinedTexts.of(a, b),
};

/** Keywords whose values depend on each other. */
const MERGED_TOGETHER = new Set(["properties", "additionalProperties", "prefixItems"]);

/**
 * A schema for the values that both allow, neither with branches or references; false if their listed values exclude each other. Schemas of
 * their properties and items are joined under `allOf`. Throws what `fail` creates for keywords that cannot be joined.
 */
export function mergedSchemas(a: Schema, b: Schema, fail: MergeFailure): Schema {
  if (a === true) return b;
  if (b === true) return a;
  if (a === false || b === false) return false;
  const merged = new Map<string, unknown>(Object.entries(a));
  for (const [key, value] of Object.entries(b)) {
    if (MERGED_TOGETHER.has(key)) continue;
    const own = merged.get(key);
    if (own === undefined) merged.set(key, value);
    else if (Object.hasOwn(joins, key) && !isTuple(key, own, value)) merged.set(key, joins[key]!(own, value));
    else if (!same(own, value)) throw fail(key);
  }
  if ([...merged.values()].includes(NONE)) return false;
  mergeFirstItems(a, b, merged);
  mergeProperties(a, b, merged);
  return Object.fromEntries(merged);
}

/** Whether one of the values is a list of items, of an earlier draft. */
const isTuple = (key: string, ...values: readonly unknown[]) => key === "items" && values.some(Array.isArray);

/** Values under both schemas of items. */
function mergedItems(a: unknown, b: unknown): Schema {
  return { allOf: [a, b] };
}

/** The first items, each under what both say of it: where one has no schema of its own for it, its `items`. */
function mergeFirstItems(a: Fields, b: Fields, merged: Map<string, unknown>): void {
  const given = [a, b].filter((schema) => schema["prefixItems"] !== undefined);
  const lists = [a, b].map((schema) => schema["prefixItems"] ?? []);
  // What is no list is refused where it is read.
  const wrong = lists.find((list) => !Array.isArray(list));
  if (given.length === 0) return;
  if (wrong !== undefined) return void merged.set("prefixItems", wrong);
  const [own, other] = lists as [Schema[], Schema[]];
  const joined = Array.from({ length: Math.max(own.length, other.length) }, (_, place) => {
    const all = [own[place] ?? a["items"], other[place] ?? b["items"]].filter((schema) => schema !== undefined);
    return all.length === 1 ? all[0] : { allOf: all };
  });
  merged.set("prefixItems", joined);
}

function mergeProperties(a: Fields, b: Fields, merged: Map<string, unknown>): void {
  const [own, other] = [fieldsOf(a["properties"]), fieldsOf(b["properties"])];
  const [ownRest, otherRest] = [a["additionalProperties"] as Schema, b["additionalProperties"] as Schema];
  if (own !== null || other !== null) {
    const names = new Set([...(own?.keys() ?? []), ...(other?.keys() ?? [])]);
    const joined = Array.from(names, (name) => {
      const all = [own?.get(name) ?? ownRest, other?.get(name) ?? otherRest].filter((schema) => schema !== undefined);
      return [name, all.length === 1 ? all[0] : { allOf: all }] as const;
    });
    merged.set("properties", Object.fromEntries(joined));
  }
  const rests = [ownRest, otherRest].filter((schema) => schema !== undefined);
  if (rests.length > 0) merged.set("additionalProperties", rests.length === 1 ? rests[0] : bothRests(rests));
}

const bothRests = (rests: readonly Schema[]): Schema => (rests.includes(false) ? false : { allOf: rests });

const fieldsOf = (value: unknown) =>
  value === undefined ? null : new Map(Object.entries(value as Record<string, Schema>));

function commonTypes(a: ReadonlySet<string>, b: ReadonlySet<string>): string[] {
  const has = (types: ReadonlySet<string>, type: string) =>
    types.has(type) || (type === "integer" && types.has("number"));
  return [...new Set([...[...a].filter((type) => has(b, type)), ...[...b].filter((type) => has(a, type))])];
}
