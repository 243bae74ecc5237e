import { isRecord } from "../../arguments/settings.js";
import { allTypes, referred, type Schema } from "./keywords.js";

/** Names of types; integers are numbers. */
export type Types = ReadonlySet<string>;

const ANY: Types = new Set<string>(allTypes);
/** Deepest schemas within schemas; those within are of any type. */
const DEEPEST = 100;

/**
 * The types that values of schemas in a document may have, or more than those: other keywords than `type`, `enum`, `const`, `$ref`, `anyOf`,
 * `oneOf` and `allOf` are not read. Any schema has an answer, also one that is not supported elsewhere. Takes time in proportion to it.
 */
export class ValueTypes {
  /** Types by reference, so that each reference is followed once. */
  private readonly known = new Map<string, Types>();

  constructor(private readonly root: Schema) {}

  of(schema: unknown, depth = 0): Types {
    if (schema === false) return new Set();
    if (!isRecord(schema) || depth === DEEPEST) return ANY;
    const { type, enum: values, $ref, anyOf, oneOf, allOf } = schema;
    const limits: Types[] = [];
    if (typeof type === "string") limits.push(new Set([typeNamed(type)]));
    if (Array.isArray(type)) limits.push(new Set(type.map(typeNamed)));
    if (Object.hasOwn(schema, "const")) limits.push(new Set([typeOf(schema["const"])]));
    if (Array.isArray(values)) limits.push(new Set(values.map(typeOf)));
    if (typeof $ref === "string") limits.push(this.referred($ref, depth));
    for (const branches of [anyOf, oneOf])
      if (Array.isArray(branches)) limits.push(new Set(branches.flatMap((one) => [...this.of(one, depth + 1)])));
    if (Array.isArray(allOf)) for (const one of allOf) limits.push(this.of(one, depth + 1));
    return limits.reduce((all, some) => new Set([...all].filter((name) => some.has(name))), ANY);
  }

  private referred(pointer: string, depth: number): Types {
    const known = this.known.get(pointer);
    if (known !== undefined) return known;
    // For a reference that leads back to itself.
    this.known.set(pointer, ANY);
    const found = this.of(referred(this.root, pointer), depth + 1);
    this.known.set(pointer, found);
    return found;
  }
}

/** Whether a value is a string, or perhaps null, and nothing else. */
export const isText = (types: Types): boolean =>
  types.has("string") && [...types].every((name) => name === "string" || name === "null");

const typeNamed = (name: unknown) => (name === "integer" ? "number" : String(name));

function typeOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}
