/** A JSON Schema, in the dialect of OpenAPI 3.1. */
export type JsonSchema = Readonly<Record<string, unknown>>;

export const string = { type: "string" } as const;
export const boolean = { type: "boolean" } as const;
export const number = { type: "number" } as const;

/** A whole number. */
export const integer = (minimum: number, maximum = Number.MAX_SAFE_INTEGER): JsonSchema => ({
  type: "integer",
  minimum,
  maximum,
});

/** A list. */
export const list = (items: JsonSchema, more: JsonSchema = {}): JsonSchema => ({ type: "array", items, ...more });

/** One of several. */
export const any = (...schemas: readonly JsonSchema[]): JsonSchema => ({ anyOf: schemas });

/** A schema among the document's own. */
export const ref = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });

/** A schema that also permits null. */
export const nullable = (schema: JsonSchema): JsonSchema =>
  Object.keys(schema).length === 0 ? schema : any(schema, { type: "null" });

/** An object with all of these fields, and perhaps others. */
export const answer = (properties: Readonly<Record<string, JsonSchema>>): JsonSchema => ({
  type: "object",
  properties,
  required: Object.keys(properties),
});

/** The field `model` of a request about texts. */
export const textModel = { ...string, description: "GET /v1/models lists them" };

/** Fields of every answer about texts. */
export const ofTexts = { model: string, usage: answer({ prompt_tokens: integer(0), total_tokens: integer(0) }) };

/** An object with `type` of this value. */
export const formatOf = (type: string, properties: Readonly<Record<string, JsonSchema>> = {}): JsonSchema => ({
  type: "object",
  properties: { type: { const: type }, ...properties },
  required: ["type", ...Object.keys(properties)],
});

/** Fields of a function that a model may call. */
export const functionFields = {
  name: { type: "string", pattern: "^[\\w-]{1,64}$" },
  description: string,
  parameters: { type: "object" },
};

/** Beginning of chat completions and completions. */
export const ofChoices = { id: string, created: integer(0), model: string };

/** Beginning of a choice. */
export const ofChoice = { index: integer(0), logprobs: nullable({ type: "object" }) };

/** Why an answer ended. */
export const finish = { enum: ["stop", "length", "tool_calls"] };

/** Numbers of tokens of chat completions and completions. */
export const usage = {
  Usage: answer({ prompt_tokens: integer(0), completion_tokens: integer(0), total_tokens: integer(0) }),
};
