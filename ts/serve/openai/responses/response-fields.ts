import { isRecord } from "../../../arguments/collections.js";
import { optional, or, type Read } from "../../../arguments/options.js";
import { flag, list, oneOf, text, unexpected } from "../../../arguments/settings.js";
import { UnsupportedError } from "../../../errors/errors.js";
import { excerpt } from "../../../errors/excerpt.js";
import type { ToolOptions } from "../../../models/language/tools/tool-options.js";
import { ApiError } from "../api-error.js";
import { answerSchema, chatFields, generationFields, ignored, unread, unsupported } from "../generation-fields.js";

/** A field that names something stored. */
const stored: Read<undefined> = (what, name, value) => {
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
  return list(what, name, value, 'functions { type: "function", name, parameters }').map((item, place) => {
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

/** Whether log probabilities are asked for. Reasoning is never a part of an answer here, so it is included as it is. */
const include: Read<boolean> = (what, name, value) => {
  if (value === undefined) return false;
  const words = [LOGPROBS, "reasoning.encrypted_content"];
  const names = list(what, name, value, "texts").map((one) => oneOf(what, name, one, words));
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

const { n: _n, max_tokens, stream_options: _streamOptions, ...shared } = generationFields;

/** Fields of responses. Those of chat completions that OpenAI's responses lack, such as `seed` and `stop`, are here too. */
export const responseFields = {
  ...shared,
  input: unread,
  instructions: optional(text),
  max_output_tokens: max_tokens,
  text: textFormat,
  tools,
  tool_choice: toolChoice,
  parallel_tool_calls: optional(flag),
  include,
  top_logprobs: chatFields.top_logprobs,
  metadata,
  user: optional(text),
  store: or(false, flag),
  truncation: unsupported("disabled"),
  background: unsupported(false),
  previous_response_id: stored,
  conversation: stored,
  prompt: stored,
  context_management: unsupported([]),
  stream_options: unsupported({}, { include_obfuscation: false }),
  max_tool_calls: ignored,
  reasoning: ignored,
  service_tier: ignored,
  safety_identifier: ignored,
  prompt_cache_key: ignored,
  prompt_cache_retention: ignored,
};
