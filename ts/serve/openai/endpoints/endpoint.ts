import type { Read } from "../../../arguments/options.js";
import { check } from "../../../arguments/settings.js";
import type { Json } from "../../../io/json.js";
import type { JsonSchema } from "./json-schema.js";

/** The fields of a body, by name. */
export type Body = Readonly<Record<string, Json>>;

/** OpenAI treats null as a field that is not there. */
export const present = (body: Body): Body =>
  Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));

/** A field of a body: its check, and the schema that the document has of it; none for any value. */
export type Field<T> = Read<T> & { readonly schema?: JsonSchema };

/** A field with a check and a schema. */
export const field = <T>(read: Read<T>, schema: JsonSchema): Field<T> =>
  Object.assign<Read<T>, { schema: JsonSchema }>((what, name, value) => read(what, name, value), { schema });

/** The name of a model, where it may not be omitted. */
export const modelName = check<string>("a name that GET /v1/models lists", (value) => typeof value === "string");

/** A field that describes a request and does not change its answer. */
export const ignored: Field<undefined> = () => undefined;

/** An endpoint to which a body is sent: what the document says of it. */
export interface Endpoint {
  readonly summary: string;
  readonly fields: Readonly<Record<string, Field<unknown>>>;
  /** Names of fields that may not be omitted. */
  readonly required: readonly string[];
  /** Schemas of what it answers, by name. */
  readonly schemas: Readonly<Record<string, JsonSchema>>;
  /** The schema of an answer, and of an event of a stream; undefined if it has no streams. */
  readonly answer: string;
  readonly event?: string;
}
