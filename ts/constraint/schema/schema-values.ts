import { isRecord } from "../../arguments/settings.js";
import { ConfigError, UnsupportedError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import { constraintsOf, type Schema } from "./keywords.js";
import { JoinedTexts } from "./merge.js";

/** A schema's keywords with checked values. */
export class SchemaFields {
  constructor(
    private readonly what: string,
    /** Where it is, for messages. */
    readonly path: string,
    readonly fields: Readonly<Record<string, unknown>>,
  ) {}

  has(keyword: string): boolean {
    return Object.hasOwn(this.fields, keyword);
  }

  /** A number; the fallback if there is none. */
  number(keyword: string, fallback: number): number {
    if (!this.has(keyword)) return fallback;
    const value = this.fields[keyword];
    if (typeof value === "number" && Number.isFinite(value)) return value;
    throw this.wrong(keyword, "a number");
  }

  /** A whole number from 0; the fallback if there is none. */
  count(keyword: string, fallback: number): number {
    const value = this.number(keyword, fallback);
    if (value === fallback || (Number.isInteger(value) && value >= 0)) return value;
    throw this.wrong(keyword, "a whole number from 0");
  }

  text(keyword: string): string {
    const value = this.fields[keyword];
    if (typeof value === "string") return value;
    throw this.wrong(keyword, "a text");
  }

  /** A text, or those that `allOf` and references have joined; none if there is none. */
  joined(keyword: string): readonly string[] {
    const value = this.fields[keyword];
    const all = value === undefined ? [] : value instanceof JoinedTexts ? value.texts : [value];
    return all.map((one) => {
      if (typeof one === "string") return one;
      throw this.wrong(keyword, "a text");
    });
  }

  texts(keyword: string): readonly string[] {
    if (!this.has(keyword)) return [];
    const value = this.fields[keyword];
    if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
    throw this.wrong(keyword, "a list of texts");
  }

  items(keyword: string): readonly unknown[] {
    const value = this.fields[keyword];
    if (Array.isArray(value)) return value as unknown[];
    throw this.wrong(keyword, "a list");
  }

  list(keyword: string): readonly unknown[] {
    const value = this.fields[keyword];
    if (Array.isArray(value) && value.length > 0) return value as unknown[];
    throw this.wrong(keyword, "a list that is not empty");
  }

  /** A schema; `fallback` if there is none. */
  schema(keyword: string, fallback: Schema): Schema {
    if (!this.has(keyword)) return fallback;
    return this.checked(this.fields[keyword], keyword);
  }

  /** A list of schemas. */
  schemas(keyword: string): readonly Schema[] {
    return this.list(keyword).map((schema, place) => this.checked(schema, `${keyword}[${place}]`));
  }

  /** Schemas by name. */
  named(keyword: string): ReadonlyMap<string, Schema> {
    if (!this.has(keyword)) return new Map();
    const value = this.fields[keyword];
    if (!isRecord(value)) throw this.wrong(keyword, "an object of schemas");
    return new Map(Object.entries(value).map(([name, schema]) => [name, this.checked(schema, `${keyword}.${name}`)]));
  }

  /** A keyword's value that is not what it must be. */
  wrong(keyword: string, expected: string): ConfigError {
    const value = this.fields[keyword];
    return new ConfigError(`${this.what}: ${this.path}.${keyword} is ${expected}, got ${excerpt(value)}`, {
      op: this.what,
      option: `${this.path}.${keyword}`,
      expected,
      value,
    });
  }

  /** A keyword, or a value of it, that is not supported. */
  unsupported(keyword: string, problem: string): UnsupportedError {
    return new UnsupportedError(`${this.what}: ${this.path}: "${keyword}" ${problem}`, {
      op: this.what,
      option: this.path,
      key: keyword,
      value: this.fields[keyword],
    });
  }

  private checked(schema: unknown, name: string): Schema {
    if (typeof schema === "boolean" || isRecord(schema)) return schema;
    throw new ConfigError(
      `${this.what}: ${this.path}.${name} is a schema: an object or a boolean, got ${excerpt(schema)}`,
      {
        op: this.what,
        option: `${this.path}.${name}`,
        value: schema,
      },
    );
  }
}

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
