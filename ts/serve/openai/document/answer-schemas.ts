import { any, answer, boolean, integer, type JsonSchema, list, nullable, number, ref, string } from "./json-schema.js";

const count = integer(0);
const finish = { enum: ["stop", "length", "tool_calls"] };
const head = { id: string, created: count, model: string };
const ofTexts = { model: string, usage: answer({ prompt_tokens: count, total_tokens: count }) };
const status = { enum: ["in_progress", "completed", "incomplete"] };
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
    content: list(answer({ type: { const: "output_text" }, text: string, annotations: list({}), logprobs: list({}) })),
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
  Completion: answer({
    ...head,
    object: { const: "text_completion" },
    choices: list(answer({ ...choice, text: string, finish_reason: nullable(finish) })),
  }),
  EmbeddingList: answer({
    object: { const: "list" },
    data: list(answer({ object: { const: "embedding" }, index: count, embedding: any(list(number), string) })),
    ...ofTexts,
  }),
  Reranking: answer({
    object: { const: "list" },
    id: string,
    ...ofTexts,
    results: list(answer({ index: count, relevance_score: number })),
  }),
  Classification: answer({
    object: { const: "list" },
    ...ofTexts,
    // Of one label a text, or of several.
    predictions: list(any(answer({ label: string, probability: number }), answer({ labels: list(string) }))),
  }),
};
