import { MOST_TEMPERATURE, USUAL_TOKENS } from "../generation-fields.js";
import { any, boolean, integer, type JsonSchema, list, nullable, number, string } from "./json-schema.js";

type Schemas = Readonly<Record<string, JsonSchema>>;

const filled = { type: "string", minLength: 1 } as const;
const atLeast = (minimum: number) => ({ type: "number", minimum });
const above = (least: number) => ({ type: "number", exclusiveMinimum: least });
const constant = (value: string) => ({ const: value });
const formatOf = (type: string, properties: Schemas = {}): JsonSchema => ({
  type: "object",
  properties: { type: constant(type), ...properties },
  required: ["type", ...Object.keys(properties)],
});

const content = any(string, list({ type: "object", properties: { type: string }, required: ["type"] }), {
  type: "null",
});
const message: JsonSchema = {
  type: "object",
  properties: { role: string, content },
  required: ["role"],
};
const jsonSchema: JsonSchema = { type: "object", properties: { schema: { type: "object" } }, required: ["schema"] };

/** Values of fields of chat completions and of completions; of those without one, such as fields without effect, any. */
export const generationSchemas: Schemas = {
  model: { type: "string", description: "the base model or one of its adapters, as GET /v1/models lists them" },
  max_tokens: { ...integer(1), description: `${USUAL_TOKENS} if omitted` },
  temperature: { ...atLeast(0), maximum: MOST_TEMPERATURE, default: 1 },
  top_k: integer(1),
  top_p: { ...atLeast(0), maximum: 1, default: 1 },
  min_p: { ...atLeast(0), maximum: 1, default: 0 },
  repetition_penalty: { ...above(0), default: 1 },
  seed: integer(Number.MIN_SAFE_INTEGER),
  stop: any(filled, list(filled, { maxItems: 16 })),
  n: { ...integer(1, 16), default: 1 },
  stream: { ...boolean, default: false },
  stream_options: { type: "object", properties: { include_usage: boolean } },
  frequency_penalty: number,
  presence_penalty: number,
  structured_outputs: {
    type: "object",
    description: "binds the answer to one of these",
    properties: {
      regex: nullable(string),
      grammar: { ...nullable(string), description: "in llama.cpp's notation" },
      choice: nullable(list(filled, { minItems: 1 })),
    },
    additionalProperties: false,
  },
  logit_bias: { type: "object", additionalProperties: number, description: "by token id" },
};

const named: JsonSchema = { type: "object", properties: { name: string }, required: ["name"] };
const functionFields: Schemas = {
  name: { type: "string", pattern: "^[\\w-]{1,64}$" },
  description: string,
  parameters: { type: "object" },
};
const tool: JsonSchema = {
  type: "object",
  properties: {
    type: constant("function"),
    function: { type: "object", properties: functionFields, required: ["name"] },
  },
  required: ["function"],
};

/** Values of fields of chat completions alone. */
export const chatSchemas: Schemas = {
  messages: list(message, { minItems: 1 }),
  max_completion_tokens: { ...integer(1), description: `${USUAL_TOKENS} if omitted` },
  logprobs: { ...boolean, default: false },
  top_logprobs: integer(0, 20),
  tools: list(tool, { maxItems: 128 }),
  tool_choice: any({ enum: ["auto", "none", "required"] }, formatOf("function", { function: named })),
  parallel_tool_calls: { ...boolean, default: true },
  response_format: any(formatOf("text"), formatOf("json_object"), formatOf("json_schema", { json_schema: jsonSchema })),
};

const item: JsonSchema = { type: "object", properties: { type: string, role: string, call_id: string } };
const flatTool: JsonSchema = {
  type: "object",
  properties: {
    type: constant("function"),
    ...functionFields,
    description: nullable(string),
    parameters: nullable({ type: "object" }),
    strict: nullable(boolean),
  },
  required: ["type", "name"],
};
const responseFormats = any(
  formatOf("text"),
  formatOf("json_object"),
  formatOf("json_schema", { schema: { type: "object" } }),
);

/** Values of fields of responses alone. */
export const responseSchemas: Schemas = {
  input: any(string, list(item, { minItems: 1 })),
  instructions: string,
  max_output_tokens: { ...integer(1), description: `${USUAL_TOKENS} if omitted` },
  text: { type: "object", properties: { format: nullable(responseFormats) } },
  tools: list(flatTool, { maxItems: 128 }),
  tool_choice: any({ enum: ["auto", "none", "required"] }, formatOf("function", { name: string })),
  parallel_tool_calls: { ...boolean, default: true },
  include: list({ enum: ["message.output_text.logprobs", "reasoning.encrypted_content"] }),
  top_logprobs: integer(0, 20),
  metadata: {
    type: "object",
    maxProperties: 16,
    propertyNames: { maxLength: 64 },
    additionalProperties: { type: "string", maxLength: 512 },
  },
  user: string,
  store: { ...boolean, description: "answers are never stored" },
  stream_options: {
    type: "object",
    properties: { include_obfuscation: { const: false } },
    additionalProperties: false,
  },
};

const ids = list(integer(0), { minItems: 1 });

const textList = list(string, { minItems: 1 });
const texts = any(string, textList);
const model = { ...string, description: "GET /v1/models lists them" };

/** Values of fields of embeddings. */
export const embeddingSchemas: Schemas = {
  model,
  input: any(string, ids, textList, list(ids, { minItems: 1 })),
  encoding_format: { enum: ["float", "base64"], default: "float" },
  dimensions: integer(1),
  normalize: { ...boolean, default: true },
  prompt_name: string,
};

/** Values of fields of reranking. */
export const rerankSchemas: Schemas = {
  model,
  query: string,
  documents: list(any(string, { type: "object", properties: { text: string }, required: ["text"] }), { minItems: 1 }),
  top_n: integer(1),
  return_documents: { ...boolean, default: false },
  max_tokens_per_doc: integer(1),
};

/** Values of fields of classification, of which `input` and `texts` are the same. */
export const classifySchemas: Schemas = { model, input: texts, texts };

/** Values of fields of completions alone. */
export const completionSchemas: Schemas = {
  prompt: any(string, ids, list(any(string, ids), { minItems: 1 })),
  max_tokens: { ...integer(1), default: 16 },
  logprobs: integer(0, 20),
};
