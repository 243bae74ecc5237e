import { any, answer, boolean, integer, type JsonSchema, list, nullable, number, ref, string } from "./json-schema.js";

const count = integer(0);
const finish = { enum: ["stop", "length", "tool_calls"] };
const head = { id: string, created: count, model: string };
const choice = { index: count, logprobs: nullable({ type: "object" }) };

/** What the server answers, by name. */
export const answerSchemas: Readonly<Record<string, JsonSchema>> = {
  Error: answer({
    error: answer({ message: string, type: string, param: nullable(string), code: nullable(string) }),
  }),
  Usage: answer({ prompt_tokens: count, completion_tokens: count, total_tokens: count }),
  Health: answer({ status: { enum: ["ok", "busy", "stopping", "failed"] }, running: count, waiting: count }),
  Model: answer({ id: string, object: { const: "model" }, created: count, owned_by: string }),
  ModelList: answer({ object: { const: "list" }, data: list(ref("Model")) }),
  DeletedModel: answer({ id: string, object: { const: "model" }, deleted: boolean }),
  ChatMessage: answer({ role: { const: "assistant" }, content: nullable(string), refusal: nullable(string) }),
  ChatCompletion: answer({
    ...head,
    object: { const: "chat.completion" },
    choices: list(answer({ ...choice, message: ref("ChatMessage"), finish_reason: finish })),
    usage: ref("Usage"),
  }),
  ChatCompletionChunk: answer({
    ...head,
    object: { const: "chat.completion.chunk" },
    choices: list(answer({ ...choice, delta: { type: "object" }, finish_reason: nullable(finish) })),
  }),
  Completion: answer({
    ...head,
    object: { const: "text_completion" },
    choices: list(answer({ ...choice, text: string, finish_reason: nullable(finish) })),
  }),
  EmbeddingList: answer({
    object: { const: "list" },
    data: list(answer({ object: { const: "embedding" }, index: count, embedding: any(list(number), string) })),
    model: string,
  }),
};
