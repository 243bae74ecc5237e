import { flag, isRecord, list as listFrom, oneOf, text, unexpected } from "../../../arguments/settings.js";
import { optional, or, type Read, readOptions } from "../../../arguments/options.js";
import { UnsupportedError } from "../../../errors/errors.js";
import { excerpt } from "../../../errors/excerpt.js";
import type { CalledLanguageModel } from "../../../models/language/load-language-model.js";
import type { ToolOptions } from "../../../models/language/tools/tool-options.js";
import { ApiError, reading } from "../api-error.js";
import { answerSchema, generationFields, maxTokens, topLogprobs, unread, unsupported } from "../generation-fields.js";
import {
  asked,
  type AskedGeneration,
  conversation,
  type GenerationEndpoint,
  type GenerationLimits,
} from "../generation-request.js";
import { inputMessages } from "../responses/input-messages.js";
import { ResponseAnswer } from "../responses/response-answer.js";
import { type Body, type Field, field, ignored, present } from "./endpoint.js";
import {
  any,
  answer,
  boolean,
  formatOf,
  functionFields,
  integer,
  type JsonSchema,
  list,
  nullable,
  ref,
  string,
} from "./json-schema.js";

/** A field that names something stored. */
const stored: Field<undefined> = (what, name, value) => {
  if (value === undefined) return undefined;
  const message = "is not supported: this server stores no answers; send the conversation as input";
  throw new ApiError(400, "unsupported", `${what}: ${name} ${excerpt(value, 60)} ${message}`, name);
};

/** The format as it came, and the schema that it binds the answer to; undefined for any text. */
interface TextFormat {
  readonly format: Readonly<Record<string, unknown>>;
  readonly schema: Readonly<Record<string, unknown>> | undefined;
}

const textFormat: Read<TextFormat> = (what, name, value = {}) => {
  if (!isRecord(value)) throw unexpected(what, name, "an object { format }", value);
  const format = value["format"] ?? { type: "text" };
  if (!isRecord(format)) throw unexpected(what, `${name}.format`, "an object { type }", format);
  const { type, schema } = format;
  return { format, schema: answerSchema(what, `${name}.format`, type, `${name}.format.schema`, schema) };
};

/** Fields of a function, which chat completions have in an object of its own. */
const OF_FUNCTION = ["name", "description", "parameters", "strict"];

/** Functions in the form of chat completions, which checks them. */
const tools: Read<ToolOptions["tools"]> = (what, name, value) => {
  if (value === undefined) return undefined;
  return listFrom(what, name, value, 'functions { type: "function", name, parameters }').map((item, place) => {
    if (!isRecord(item)) throw unexpected(what, `${name}[${place}]`, "an object { type, name, parameters }", item);
    const { type, ...rest } = item;
    const given = Object.entries(rest).filter(([, field]) => field !== null);
    const [unknown] = type === "function" ? given.filter(([key]) => !OF_FUNCTION.includes(key)) : [];
    if (unknown !== undefined && unknown[1] !== false) {
      const [key, field] = [unknown[0].slice(0, 60), unknown[1]];
      throw new UnsupportedError(`${what}: ${name}[${place}].${key} ${excerpt(field, 60)} is not supported`, {
        option: `${name}[${place}].${key}`,
        value: field,
      });
    }
    const own = given.filter(([key]) => OF_FUNCTION.includes(key));
    return { type, function: Object.fromEntries(own) };
  }) as unknown as ToolOptions["tools"];
};

const CHOICES = '"auto", "none", "required" or { type: "function", name }';

const toolChoice: Read<ToolOptions["toolChoice"]> = (what, name, value) => {
  if (value === undefined || value === "auto" || value === "none" || value === "required") return value;
  const { type, name: chosen } = Object(value) as { readonly type?: unknown; readonly name?: unknown };
  if (type === "function" && typeof chosen === "string") return { type, function: { name: chosen } };
  throw unexpected(what, name, CHOICES, value);
};

const LOGPROBS = "message.output_text.logprobs";
const INCLUDED = [LOGPROBS, "reasoning.encrypted_content"];

/** Whether log probabilities are asked for. Reasoning is never a part of an answer here, so it is included as it is. */
const include: Read<boolean> = (what, name, value) => {
  if (value === undefined) return false;
  const names = listFrom(what, name, value, "texts").map((one) => oneOf(what, name, one, INCLUDED));
  return names.includes(LOGPROBS);
};

const LABELS = "an object of at most 16 texts of up to 512 characters, with names of up to 64";

const metadata: Read<Readonly<Record<string, unknown>>> = (what, name, value = {}) => {
  const isLabel = ([key, label]: [string, unknown]) =>
    key.length <= 64 && typeof label === "string" && label.length <= 512;
  const labels = isRecord(value) ? Object.entries(value) : null;
  if (labels !== null && labels.length <= 16 && labels.every(isLabel)) return value as Record<string, unknown>;
  throw unexpected(what, name, LABELS, value);
};

const { n: _n, max_tokens: _maxTokens, stream_options: _streamOptions, ...shared } = generationFields;

const item: JsonSchema = { type: "object", properties: { type: string, role: string, call_id: string } };
const tool: JsonSchema = {
  type: "object",
  properties: {
    type: { const: "function" },
    ...functionFields,
    description: nullable(string),
    parameters: nullable({ type: "object" }),
    strict: nullable(boolean),
  },
  required: ["type", "name"],
};
const formats = any(formatOf("text"), formatOf("json_object"), formatOf("json_schema", { schema: { type: "object" } }));

/** Fields of responses. Those of chat completions that OpenAI's responses lack, such as `seed` and `stop`, are here too. */
const fields = {
  ...shared,
  input: field(unread, any(string, list(item, { minItems: 1 }))),
  instructions: field(optional(text), string),
  max_output_tokens: maxTokens,
  text: field(textFormat, { type: "object", properties: { format: nullable(formats) } }),
  tools: field(tools, list(tool, { maxItems: 128 })),
  tool_choice: field(toolChoice, any({ enum: ["auto", "none", "required"] }, formatOf("function", { name: string }))),
  parallel_tool_calls: field(optional(flag), { ...boolean, default: true }),
  include: field(include, list({ enum: INCLUDED })),
  top_logprobs: topLogprobs,
  metadata: field(metadata, {
    type: "object",
    maxProperties: 16,
    propertyNames: { maxLength: 64 },
    additionalProperties: { type: "string", maxLength: 512 },
  }),
  user: field(optional(text), string),
  store: field(or(false, flag), { ...boolean, description: "answers are never stored" }),
  truncation: unsupported("disabled"),
  background: unsupported(false),
  previous_response_id: stored,
  conversation: stored,
  prompt: stored,
  context_management: unsupported([]),
  stream_options: field(unsupported({}, { include_obfuscation: false }), {
    type: "object",
    properties: { include_obfuscation: { const: false } },
    additionalProperties: false,
  }),
  max_tool_calls: ignored,
  reasoning: ignored,
  service_tier: ignored,
  safety_identifier: ignored,
  prompt_cache_key: ignored,
  prompt_cache_retention: ignored,
};

const RESPONSES = "responses";

/** Names in errors, of fields that chat completions have in another form. */
const responseNames = (words: string): string =>
  words.replace(/(tools\[\d+\]\.)function\./, "$1").replace(/^response_format$/, "text.format");

/** Checks the body of a response. */
function ask(model: CalledLanguageModel, given: Body, limits: GenerationLimits): AskedGeneration {
  return reading(
    "input",
    () => {
      const body = present(given);
      const taken = readOptions(RESPONSES, body, fields);
      const { include: logprobs, top_logprobs: top = 0, max_output_tokens: most } = taken;
      if (top > 0 && !logprobs)
        throw unexpected(
          RESPONSES,
          "top_logprobs",
          'a number only beside include: ["message.output_text.logprobs"]',
          top,
        );
      const prompt = conversation(inputMessages(RESPONSES, taken.input, taken.instructions));
      const generation = asked(model, RESPONSES, "input", [prompt], {
        ...taken,
        ...limits,
        most,
        limit: "max_output_tokens",
        n: 1,
        stream_options: false,
        max_tokens: undefined,
        user: undefined,
        top: logprobs ? top : null,
        schema: taken.text.schema,
        toolChoice: taken.tool_choice,
        parallelToolCalls: taken.parallel_tool_calls,
      });
      return { ...generation, echo: echoOf(taken, body) };
    },
    responseNames,
  );
}

type Taken = { readonly [Name in keyof typeof fields]: ReturnType<(typeof fields)[Name]> };

/** Fields of a request that are part of its answer. */
const echoOf = (taken: Taken, body: Body): object => ({
  background: false,
  frequency_penalty: taken.frequency_penalty,
  instructions: taken.instructions ?? null,
  max_output_tokens: taken.max_output_tokens ?? null,
  max_tool_calls: null,
  metadata: taken.metadata,
  parallel_tool_calls: taken.parallel_tool_calls ?? true,
  presence_penalty: taken.presence_penalty,
  previous_response_id: null,
  prompt_cache_key: null,
  reasoning: null,
  safety_identifier: null,
  service_tier: "default",
  store: false,
  temperature: taken.temperature,
  text: { format: taken.text.format },
  tool_choice: body["tool_choice"] ?? "auto",
  tools: body["tools"] ?? [],
  top_logprobs: taken.top_logprobs ?? 0,
  top_p: taken.top_p,
  truncation: "disabled",
  user: taken.user ?? null,
});

const status = { enum: ["in_progress", "completed", "incomplete"] };
const count = integer(0);

/** `POST /v1/responses`: the next message in the newer form of OpenAI's API, without anything stored. */
export const responses: GenerationEndpoint = {
  summary: "The same in the newer form, without anything stored",
  fields,
  required: ["model", "input"],
  schemas: {
    ResponseUsage: answer({
      input_tokens: count,
      input_tokens_details: answer({ cached_tokens: count }),
      output_tokens: count,
      output_tokens_details: answer({ reasoning_tokens: count }),
      total_tokens: count,
    }),
    OutputMessage: answer({
      id: string,
      type: { const: "message" },
      status,
      role: { const: "assistant" },
      content: list(
        answer({ type: { const: "output_text" }, text: string, annotations: list({}), logprobs: list({}) }),
      ),
    }),
    FunctionCall: answer({
      id: string,
      type: { const: "function_call" },
      status,
      call_id: string,
      name: string,
      arguments: string,
    }),
    Response: answer({
      id: string,
      object: { const: "response" },
      created_at: count,
      completed_at: nullable(count),
      model: string,
      status: { enum: ["in_progress", "completed", "incomplete", "failed"] },
      error: nullable(answer({ code: nullable(string), message: string })),
      incomplete_details: nullable(answer({ reason: { const: "max_output_tokens" } })),
      output: list(any(ref("OutputMessage"), ref("FunctionCall"))),
      usage: nullable(ref("ResponseUsage")),
    }),
    ResponseEvent: answer({ type: string, sequence_number: count }),
  },
  answer: "Response",
  event: "ResponseEvent",
  ask,
  prompt: "input",
  renamed: responseNames,
  begin: (one, [only]) => new ResponseAnswer(one, only!),
};
