import {
  check,
  finite,
  flag,
  isRecord,
  listFrom,
  positive,
  share,
  unexpected,
  whole,
} from "../../arguments/settings.js";
import { optional, or, type Read, readOptions } from "../../arguments/options.js";
import { type TextFormat, textFormatReaders } from "../../constraint/text-format.js";
import { ConfigError, UnsupportedError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import { type Field, field, ignored, modelName } from "./endpoints/endpoint.js";
import { any, boolean, integer, type JsonSchema, list, nullable, number, string } from "./endpoints/json-schema.js";

const { regex, grammar, choices } = textFormatReaders;
/** Null is as none, which clients send. */
const orNull =
  <T>(read: Read<T>): Read<T> =>
  (what, name, value) =>
    read(what, name, value ?? undefined);
const readers = { regex: orNull(regex), grammar: orNull(grammar), choice: orNull(choices) };

/** The field of vLLM that binds an answer to what is no JSON, which has the field `response_format`. */
const structuredOutputs: Read<TextFormat> = (what, name, value) => {
  if (value === undefined) return {};
  if (!isRecord(value)) throw unexpected(what, name, "an object { regex }, { grammar } or { choice }", value);
  const { choice, ...rest } = readOptions(`${what}: ${name}`, value, readers);
  return { ...rest, choices: choice };
};

/** The format of an answer. @param schema of JSON. Throws `ConfigError` if there is another beside it. */
export function answerFormat(what: string, schema: TextFormat["schema"], other: TextFormat): TextFormat {
  if (schema === undefined) return other;
  if (Object.values(other).every((value) => value === undefined)) return { schema };
  throw new ConfigError(`${what}: structured_outputs is for an answer without a schema: give one of the two`, {
    op: what,
    option: "structured_outputs",
  });
}

/** Most choices of a request, and most stop sequences. */
const MOST = 16;
/** Most alternatives to a token. */
const MOST_LOGPROBS = 20;
/** Highest temperature, as in OpenAI's API. */
const MOST_TEMPERATURE = 2;
/**
 * Most tokens of an answer to a chat or a response that does not say how many: some 700 words of English. A small model may repeat itself
 * to the end of its positions.
 */
export const USUAL_TOKENS = 1024;

/** A field that is accepted only with values that change nothing. */
export const unsupported =
  (...idle: readonly unknown[]): Field<undefined> =>
  (what, name, value) => {
    if (value === undefined || idle.some((one) => JSON.stringify(one) === JSON.stringify(value))) return undefined;
    throw new UnsupportedError(`${what}: ${name} ${excerpt(value, 60)} is not supported`, { option: name, value });
  };

/** A field that is checked where it is used. */
export const unread: Field<unknown> = (_what, _name, value) => value;

const wholeNumber = check<number>("a whole number", Number.isSafeInteger);

const temperature = check<number>(
  `a number from 0 to ${MOST_TEMPERATURE}`,
  (value) => typeof value === "number" && value >= 0 && value <= MOST_TEMPERATURE,
);

const stops: Read<readonly string[]> = (what, name, value) => {
  if (value === undefined) return [];
  const given = (typeof value === "string" ? [value] : value) as readonly unknown[];
  const list = listFrom(`${what}: ${name} is a text or a list of texts`, given, (word) => {
    if (typeof word === "string" && word !== "") return word;
    throw unexpected(what, name, "texts that are not empty", word);
  });
  if (list.length <= MOST) return list;
  throw unexpected(what, name, `at most ${MOST} texts`, list.length);
};

const includeUsage: Read<boolean> = (what, name, value) => {
  if (value === undefined) return false;
  const { include_usage: usage = false } = Object(value) as { include_usage?: unknown };
  return flag(what, `${name}.include_usage`, usage);
};

/** The schema of an answer in a format; undefined for any text. @param place the name of the field with the schema */
export function answerSchema(what: string, name: string, type: unknown, place: string, schema: unknown) {
  if (type === "text") return undefined;
  if (type === "json_object") return { type: "object" };
  if (type === "json_schema" && isRecord(schema)) return schema;
  if (type === "json_schema") throw unexpected(what, place, "a JSON Schema", schema);
  throw unexpected(what, `${name}.type`, '"text", "json_object" or "json_schema"', type);
}

const most = (maximum: number, more: object = {}): JsonSchema => ({ type: "number", minimum: 0, maximum, ...more });
const filled = { type: "string", minLength: 1 };
const least1 = optional((what: string, name: string, value: unknown) => whole(what, name, value, 1));

/** Number of new tokens. */
export const maxTokens = field(least1, { ...integer(1), description: `${USUAL_TOKENS} if omitted` });

/** Number of alternatives beside each token. */
export const topLogprobs = field(
  optional((what: string, name: string, value: unknown) => whole(what, name, value, 0, MOST_LOGPROBS)),
  integer(0, MOST_LOGPROBS),
);

/** Fields of chat completions and of completions. */
export const generationFields = {
  model: field(modelName, {
    type: "string",
    description: "the base model or one of its adapters, as GET /v1/models lists them",
  }),
  max_tokens: maxTokens,
  temperature: field(or(1, temperature), most(MOST_TEMPERATURE, { default: 1 })),
  top_k: field(least1, integer(1)),
  top_p: field(or(1, share), most(1, { default: 1 })),
  min_p: field(or(0, share), most(1, { default: 0 })),
  repetition_penalty: field(or(1, positive), { type: "number", exclusiveMinimum: 0, default: 1 }),
  seed: field(optional(wholeNumber), integer(Number.MIN_SAFE_INTEGER)),
  stop: field(stops, any(filled, list(filled, { maxItems: MOST }))),
  n: field(or(1, whole, 1, MOST), { ...integer(1, MOST), default: 1 }),
  stream: field(or(false, flag), { ...boolean, default: false }),
  stream_options: field(includeUsage, { type: "object", properties: { include_usage: boolean } }),
  frequency_penalty: field(or(0, finite), number),
  presence_penalty: field(or(0, finite), number),
  structured_outputs: field(structuredOutputs, {
    type: "object",
    description: "binds the answer to one of these",
    properties: {
      regex: nullable(string),
      grammar: { ...nullable(string), description: "in llama.cpp's notation" },
      choice: nullable(list(filled, { minItems: 1 })),
    },
    additionalProperties: false,
  }),
  logit_bias: field(unread as Read<Readonly<Record<number, number>> | undefined>, {
    type: "object",
    additionalProperties: number,
    description: "by token id",
  }),
  user: ignored,
};
