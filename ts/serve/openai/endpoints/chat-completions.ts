import { or, type Read, readOptions } from "../../../arguments/options.js";
import { flag, unexpected } from "../../../arguments/settings.js";
import type { CalledLanguageModel } from "../../../models/language/load-language-model.js";
import type { GeneratedToken } from "../../../models/language/sequence.js";
import type { ToolCall, ToolCallPiece, ToolOptions } from "../../../models/language/tools/tool-options.js";
import { reading } from "../api-error.js";
import { type AnswerForm, GenerationAnswer, type TextOf, tokenLogprobs } from "../generation-answer.js";
import { answerSchema, generationFields, maxTokens, topLogprobs, unread, unsupported } from "../generation-fields.js";
import {
  asked,
  type AskedGeneration,
  conversation,
  type GenerationEndpoint,
  type GenerationLimits,
} from "../generation-request.js";
import { type Body, field, ignored, present } from "./endpoint.js";
import {
  any,
  answer,
  boolean,
  finish,
  formatOf,
  functionFields,
  type JsonSchema,
  list,
  nullable,
  ofChoice,
  ofChoices,
  ref,
  string,
  usage,
} from "./json-schema.js";

const CHAT = "chat completions";

const responseFormat: Read<Readonly<Record<string, unknown>> | undefined> = (what, name, value) => {
  if (value === undefined) return undefined;
  const { type, json_schema: given } = Object(value) as { readonly type?: unknown; readonly json_schema?: unknown };
  const { schema } = Object(given) as { readonly schema?: unknown };
  return answerSchema(what, name, type, `${name}.json_schema.schema`, schema);
};

const content = any(string, list({ type: "object", properties: { type: string }, required: ["type"] }), {
  type: "null",
});
const message: JsonSchema = { type: "object", properties: { role: string, content }, required: ["role"] };
const jsonSchema: JsonSchema = { type: "object", properties: { schema: { type: "object" } }, required: ["schema"] };
const named: JsonSchema = { type: "object", properties: { name: string }, required: ["name"] };
const tool: JsonSchema = {
  type: "object",
  properties: {
    type: { const: "function" },
    function: { type: "object", properties: functionFields, required: ["name"] },
  },
  required: ["function"],
};

const fields = {
  ...generationFields,
  messages: field(unread, list(message, { minItems: 1 })),
  logprobs: field(or(false, flag), { ...boolean, default: false }),
  top_logprobs: topLogprobs,
  max_completion_tokens: maxTokens,
  response_format: field(
    responseFormat,
    any(formatOf("text"), formatOf("json_object"), formatOf("json_schema", { json_schema: jsonSchema })),
  ),
  tools: field(unread as Read<ToolOptions["tools"]>, list(tool, { maxItems: 128 })),
  tool_choice: field(
    unread as Read<ToolOptions["toolChoice"]>,
    any({ enum: ["auto", "none", "required"] }, formatOf("function", { function: named })),
  ),
  parallel_tool_calls: field(unread as Read<ToolOptions["parallelToolCalls"]>, { ...boolean, default: true }),
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

/** Checks the body of a chat completion. */
function ask(model: CalledLanguageModel, body: Body, limits: GenerationLimits): AskedGeneration {
  return reading("messages", () => {
    const taken = readOptions(CHAT, present(body), fields);
    const most = taken.max_completion_tokens ?? taken.max_tokens;
    const limit = taken.max_completion_tokens === undefined ? "max_tokens" : "max_completion_tokens";
    const { logprobs, top_logprobs: top = 0 } = taken;
    if (top > 0 && !logprobs) throw unexpected(CHAT, "top_logprobs", "a number only beside logprobs: true", top);
    const prompts = [conversation(taken.messages)];
    return asked(model, CHAT, "messages", prompts, {
      ...taken,
      ...limits,
      most,
      limit,
      top: logprobs ? top : null,
      schema: taken.response_format,
      tools: taken.tools,
      toolChoice: taken.tool_choice,
      parallelToolCalls: taken.parallel_tool_calls,
    });
  });
}

function chatMessage(text: string, calls: readonly ToolCall[]): object {
  const message = { role: "assistant", content: text, refusal: null };
  if (calls.length === 0) return message;
  const written = calls.map(({ id, ...called }) => ({ id, type: "function", function: called }));
  return { ...message, content: text === "" ? null : text, tool_calls: written };
}

function callDeltas(calls: readonly ToolCallPiece[]): object {
  if (calls.length === 0) return {};
  const deltas = calls.map(({ index, id, ...called }) => ({
    index,
    ...(id !== undefined && { id, type: "function" }),
    function: called,
  }));
  return { tool_calls: deltas };
}

/** Log probabilities in the form of chat completions. */
const chatLogprobs = (tokens: readonly GeneratedToken[], textOf: TextOf): object => ({
  content: tokenLogprobs(tokens, textOf),
  refusal: null,
});

const form: AnswerForm = {
  prefix: "chatcmpl-",
  object: "chat.completion",
  event: "chat.completion.chunk",
  logprobs: chatLogprobs,
  choice: (text, finish, calls) => ({ message: chatMessage(text, calls), finish_reason: finish }),
  first: () => ({ delta: { role: "assistant", content: "" }, finish_reason: null }),
  piece: (content, finish, calls) => ({
    delta: finish === null ? { ...((content !== "" || calls.length === 0) && { content }), ...callDeltas(calls) } : {},
    finish_reason: finish,
  }),
};

/** `POST /v1/chat/completions`: the next message of a conversation. */
export const chatCompletions: GenerationEndpoint = {
  summary: "The next message of a conversation",
  fields,
  required: ["model", "messages"],
  schemas: {
    ...usage,
    ChatMessage: answer({ role: { const: "assistant" }, content: nullable(string), refusal: nullable(string) }),
    ChatCompletion: answer({
      ...ofChoices,
      object: { const: "chat.completion" },
      choices: list(answer({ ...ofChoice, message: ref("ChatMessage"), finish_reason: finish })),
      usage: ref("Usage"),
    }),
    ChatCompletionChunk: answer({
      ...ofChoices,
      object: { const: "chat.completion.chunk" },
      choices: list(answer({ ...ofChoice, delta: { type: "object" }, finish_reason: nullable(finish) })),
    }),
  },
  answer: "ChatCompletion",
  event: "ChatCompletionChunk",
  ask,
  prompt: "messages",
  begin: (one, texts) => new GenerationAnswer(form, one, texts),
};
