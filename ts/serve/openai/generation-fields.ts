import { isRecord, listFrom } from "../../arguments/collections.js";
import { optional, or, type Read, readOptions } from "../../arguments/options.js";
import { check, finite, flag, positive, share, unexpected, whole } from "../../arguments/settings.js";
import { type TextFormat, textFormatReaders } from "../../constraint/text-format.js";
import { ConfigError, UnsupportedError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import type { ToolOptions } from "../../models/language/tools/tool-options.js";
import { modelName } from "./fields.js";

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
export const MOST_TEMPERATURE = 2;
/**
 * Most tokens of an answer to a chat or a response that does not say how many: some 700 words of English. A small model may repeat itself
 * to the end of its positions.
 */
export const USUAL_TOKENS = 1024;

/** A field that is accepted only with values that change nothing. */
export const unsupported =
  (...idle: readonly unknown[]): Read<undefined> =>
  (what, name, value) => {
    if (value === undefined || idle.some((one) => JSON.stringify(one) === JSON.stringify(value))) return undefined;
    throw new UnsupportedError(`${what}: ${name} ${excerpt(value, 60)} is not supported`, { option: name, value });
  };

/** A field that is checked where it is used. */
export const unread: Read<unknown> = (_what, _name, value) => value;

/** A field that describes a request and does not change its answer. */
export const ignored: Read<undefined> = () => undefined;

const integer = check<number>("a whole number", Number.isSafeInteger);

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

const responseFormat: Read<Readonly<Record<string, unknown>> | undefined> = (what, name, value) => {
  if (value === undefined) return undefined;
  const { type, json_schema: given } = Object(value) as { readonly type?: unknown; readonly json_schema?: unknown };
  const { schema } = Object(given) as { readonly schema?: unknown };
  return answerSchema(what, name, type, `${name}.json_schema.schema`, schema);
};

/** Fields of chat completions and of completions. */
export const generationFields = {
  model: modelName,
  max_tokens: optional((what: string, name: string, value: unknown) => whole(what, name, value, 1)),
  temperature: or(1, temperature),
  top_k: optional((what: string, name: string, value: unknown) => whole(what, name, value, 1)),
  top_p: or(1, share),
  min_p: or(0, share),
  repetition_penalty: or(1, positive),
  seed: optional(integer),
  stop: stops,
  n: or(1, whole, 1, MOST),
  stream: or(false, flag),
  stream_options: includeUsage,
  frequency_penalty: or(0, finite),
  presence_penalty: or(0, finite),
  structured_outputs: structuredOutputs,
  logit_bias: unread as Read<Readonly<Record<number, number>> | undefined>,
  user: ignored,
};

/** Fields of chat completions alone. */
export const chatFields = {
  messages: unread,
  logprobs: or(false, flag),
  top_logprobs: optional((what: string, name: string, value: unknown) => whole(what, name, value, 0, MOST_LOGPROBS)),
  max_completion_tokens: generationFields.max_tokens,
  response_format: responseFormat,
  tools: unread as Read<ToolOptions["tools"]>,
  tool_choice: unread as Read<ToolOptions["toolChoice"]>,
  parallel_tool_calls: unread as Read<ToolOptions["parallelToolCalls"]>,
  functions: unsupported([]),
  function_call: unsupported("none", "auto"),
  modalities: unsupported(["text"]),
  audio: unsupported(),
  prediction: unsupported(),
  web_search_options: unsupported(),
  reasoning_effort: ignored,
  verbosity: ignored,
  metadata: ignored,
  store: ignored,
  service_tier: ignored,
  safety_identifier: ignored,
  prompt_cache_key: ignored,
  prompt_cache_retention: ignored,
};

/** Fields of completions alone. */
export const completionFields = {
  prompt: unread,
  logprobs: chatFields.top_logprobs,
  best_of: unsupported(1),
  echo: unsupported(false),
  suffix: unsupported(""),
};
