import { constraintsOf, type Schema } from "./keywords.js";
import type { SchemaFields } from "./schema-values.js";

/**
 * An object's schema without `propertyNames`, which may demand nothing of names (`{ type: "string" }`), or list them (`enum`, `const`): each
 * listed name is then a property, and there are no others. Throws `UnsupportedError` for anything else.
 */
export function withoutPropertyNames(own: SchemaFields): Readonly<Record<string, unknown>> {
  const rest = Object.fromEntries(Object.entries(own.fields).filter(([keyword]) => keyword !== "propertyNames"));
  const names = listed(own);
  if (names === null) return rest;
  const schemas = own.named("properties");
  const other = own.schema("additionalProperties", true);
  const properties = Object.fromEntries(names.map((name) => [name, schemas.get(name) ?? other]));
  return { ...rest, properties, additionalProperties: false };
}

/** The names that there may be; null for any. */
function listed(own: SchemaFields): readonly string[] | null {
  const schema: Schema = own.schema("propertyNames", true);
  if (schema === true) return null;
  if (schema === false) return [];
  const { type, enum: some, const: one, ...more } = constraintsOf(schema);
  const isString = type === undefined || type === "string";
  const isListed = some !== undefined || one !== undefined;
  if (!isString || Object.keys(more).length > 0 || (some !== undefined && one !== undefined))
    throw own.unsupported("propertyNames", 'is supported with "enum" or "const" only: list the names');
  if (!isListed) return null;
  const values = Array.isArray(some) ? (some as unknown[]) : [one];
  return values.filter((name) => typeof name === "string");
}
