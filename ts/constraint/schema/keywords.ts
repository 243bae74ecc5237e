import { isRecord } from "../../arguments/settings.js";

/** A schema: JSON data, copied from the caller's. */
export type Schema = Readonly<Record<string, unknown>> | boolean;

/** Keywords that say nothing about a value. */
const notes =
  "$anchor $comment $defs $id $schema contentEncoding contentMediaType contentSchema default definitions deprecated description discriminator " +
  "example examples externalDocs readOnly title writeOnly xml";

/** Keywords of each type. */
const ofTypes: Readonly<Record<string, string>> = {
  string: "minLength maxLength pattern format",
  number: "minimum maximum exclusiveMinimum exclusiveMaximum",
  array: "items prefixItems additionalItems minItems maxItems",
  object: "properties required additionalProperties propertyNames",
};

const words = (list: string) => list.split(" ");

/** Keywords that only annotate. */
export const annotations: ReadonlySet<string> = new Set(words(notes));
/** Keywords that say what a value is, whatever its type. */
const general = new Set(words("type enum const anyOf oneOf allOf $ref"));
const typed = new Map(
  Object.entries(ofTypes).flatMap(([type, list]) => words(list).map((word) => [word, type] as const)),
);

/** Whether a keyword with this value demands nothing. Names that begin with "x-" are anyone's notes. */
const isIdle = (keyword: string, value: unknown) =>
  annotations.has(keyword) || keyword.startsWith("x-") || (keyword === "uniqueItems" && value === false);

/** Whether a keyword with this value is understood. */
export const isKnown = (keyword: string, value: unknown): boolean =>
  isIdle(keyword, value) || general.has(keyword) || typed.has(keyword);

/** The type that a keyword is about; undefined if it is about any. */
export const typeOfKeyword = (keyword: string): string | undefined => typed.get(keyword);

/** Names of all types. */
export const allTypes = ["object", "array", "string", "number", "boolean", "null"] as const;

/** A schema without its annotations. */
export function constraintsOf(schema: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(schema).filter(([key, value]) => !isIdle(key, value)));
}

/**
 * The schema that a reference within a document names, as `#/$defs/node`; null if there is none.
 * @param pointer with its `#`
 */
export function referred(root: Schema, pointer: string): Schema | null {
  let at: unknown = root;
  const rest = pointer.slice(1);
  if (rest !== "" && !rest.startsWith("/")) return null;
  for (const part of rest.split("/").slice(1)) {
    const name = decoded(part).replaceAll("~1", "/").replaceAll("~0", "~");
    if ((!isRecord(at) && !Array.isArray(at)) || !Object.hasOwn(at, name)) return null;
    at = (at as Record<string, unknown>)[name];
  }
  return isRecord(at) || typeof at === "boolean" ? at : null;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
