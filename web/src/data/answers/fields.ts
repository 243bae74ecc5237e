/** Kinds of values of a field. */
export const kinds = ["text", "number", "yesNo", "oneOf", "list"] as const;
export type Kind = (typeof kinds)[number];

/** A field of an answer, or of a function's arguments. */
export interface Field {
  readonly name: string;
  readonly kind: Kind;
  /** What the value is one of; for a list, what its entries are, empty for any texts. */
  readonly values: readonly string[];
  readonly required: boolean;
}

/** A JSON Schema. */
export type Schema = Readonly<Record<string, unknown>>;

/** Whether a kind has a list of values. */
export const hasValues = (kind: Kind): boolean => kind === "oneOf" || kind === "list";

function valueSchema({ kind, values }: Pick<Field, "kind" | "values">): Schema {
  const listed = { type: "string", ...(values.length > 0 && { enum: values }) };
  if (kind === "number") return { type: "number" };
  if (kind === "yesNo") return { type: "boolean" };
  if (kind === "oneOf") return listed;
  return kind === "list" ? { type: "array", items: listed } : { type: "string" };
}

/** The JSON Schema of objects with these fields. @internal exported for its tests */
export const schemaOf = (fields: readonly Field[]): Schema => ({
  type: "object",
  properties: Object.fromEntries(fields.map((field) => [field.name, valueSchema(field)])),
  required: fields.filter(({ required }) => required).map(({ name }) => name),
  additionalProperties: false,
});

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** Whether a value can be one of a field's, which are written with commas between them. */
const isPlain = (value: unknown): value is string =>
  typeof value === "string" && value !== "" && value === value.trim() && !/[,\n]/.test(value);

/** The kind of a property's schema; null for one that no kind has. */
function kindOf(schema: unknown): Pick<Field, "kind" | "values"> | null {
  const { enum: own, items } = Object(schema) as { enum?: unknown; items?: unknown };
  const values: unknown = own ?? (Object(items) as { enum?: unknown }).enum ?? [];
  if (!Array.isArray(values) || !values.every(isPlain)) return null;
  const kind = kinds.find((kind) => same(valueSchema({ kind, values }), schema));
  return kind === undefined ? null : { kind, values };
}

/** The fields of a JSON Schema; null for one that says more than fields do. @internal exported for its tests */
export function fieldsOf(schema: Schema): readonly Field[] | null {
  const { type, properties = {}, required = [], additionalProperties = false, ...more } = schema;
  const isSimple = type === "object" && additionalProperties === false && Object.keys(more).length === 0;
  if (!isSimple || !Array.isArray(required)) return null;
  const fields = Object.entries(Object(properties) as object).flatMap(([name, value]) => {
    const kind = kindOf(value);
    return kind === null ? [] : [{ name, ...kind, required: required.includes(name) }];
  });
  const again = schemaOf(fields);
  const isWhole =
    same(again["properties"], properties) && required.every((name) => fields.some((f) => f.name === name));
  return isWhole ? fields : null;
}

/** Fields, or the JSON Schema that a person wrote in their place. */
export interface Shape {
  readonly fields: readonly Field[];
  /** Null if the fields are used. */
  readonly written: Schema | null;
}

export const noShape: Shape = { fields: [], written: null };

/** The shape that a JSON Schema describes: fields if they can say it. */
export function shapeOf(schema: Schema): Shape {
  const fields = fieldsOf(schema);
  return fields === null ? { fields: [], written: schema } : { fields, written: null };
}

/** The JSON Schema of a shape. */
export const schemaOfShape = ({ fields, written }: Shape): Schema => written ?? schemaOf(fields);

/** Whether a shape has neither fields nor a schema. */
export const isBlank = ({ fields, written }: Shape): boolean => written === null && fields.length === 0;
