import { assertModel } from "../../adapters/adapted-model.js";
import { type CallsFormat, constraintOf } from "../../constraint/bind.js";
import type { Schema } from "../../constraint/schema/keywords.js";
import { type TakenTextFormat, textFormatOf } from "../../constraint/text-format.js";
import { ConfigError, ModelError, UnsupportedError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import { integersOf } from "../../values/number-list.js";
import { keepsState } from "../decoder/config.js";
import { type ChatTemplate, type ChatTemplateOptions, isChat } from "./chat-template.js";
import {
  type GenerateOptions,
  type Prompt,
  takeGenerateOptions,
  type TakenGenerateOptions,
} from "./generate-options.js";
import { type GenerationRequest, roomFor, taken } from "./generate.js";
import type { CalledLanguageModel, PromptReader } from "./load-language-model.js";
import type { AssistantCall } from "./speculation.js";
import type { PreparedTools } from "./tools/prepare-tools.js";
import type { ChatMessage, ToolOptions } from "./tools/tool-options.js";

/** Key in the details of errors about prompts that are longer than a model's positions. */
export const POSITIONS = "max_position_embeddings";

/** Throws `StaleNodeError` if the model was disposed. */
export const assertLanguageModel = (what: string, { graph }: Pick<PromptReader, "graph">) =>
  assertModel(what, graph, "language model");

/** A request, checked and copied. */
export function takeRequest(
  model: PromptReader,
  what: string,
  prompt: Prompt | ReadPrompt,
  options: GenerateOptions,
  fixed: { logProbabilities?: false } = {},
): GenerationRequest {
  assertLanguageModel(what, model);
  const { schema, regex, grammar, choices, assistantModel, tools, toolChoice, parallelToolCalls, ...taken } = {
    ...takeGenerateOptions(what, options),
    ...fixed,
  };
  const assistant = draftsOf(model, what, assistantModel, taken);
  const { ids, prepared } = readPrompt(model, what, prompt, { tools, toolChoice, parallelToolCalls });
  const format = formatWith(what, textFormatOf(what, { schema, regex, grammar, choices }), prepared);
  const constraint = constraintFor(model, what, format, taken.ignoreEnd);
  const biased = Int32Array.from(taken.logitBias.keys(), (id) => Math.min(id, 2 ** 31 - 1));
  takeIds(model, what, "logitBias", biased, Infinity);
  const calls = prepared?.reading ?? null;
  return {
    prompt: ids,
    room: roomFor(what, ids, taken.maxTokens, model.maxTokens),
    options: { ...taken, constraint, calls },
    assistant,
  };
}

/** A prompt's token ids, and how the answer may call functions. */
interface ReadPrompt {
  readonly ids: Int32Array;
  readonly prepared: PreparedTools | null;
}

/** Reads a prompt with the functions that its answer may call. Throws `ConfigError` for functions beside a prompt that is no conversation. */
export function readPrompt(
  model: PromptReader,
  what: string,
  prompt: Prompt | ReadPrompt,
  options: ToolOptions,
): ReadPrompt {
  if (isRead(prompt)) return prompt;
  const isAsked = Object.values(options).some((value) => value !== undefined);
  if (isAsked && !isChat(prompt))
    throw new ConfigError(`${what}: tools are for conversations: give the prompt as messages`, {
      op: what,
      option: "tools",
    });
  const prepared = isAsked
    ? templateOf(model, what).prepareTools(what, prompt as readonly ChatMessage[], options)
    : null;
  const written = prepared === null ? promptText(model, what, prompt) : { text: prepared.text, bare: true };
  if (written === null) return { ids: takeIds(model, what, "prompt", prompt as ArrayLike<number>), prepared };
  return { ids: promptTextIds(model, what, written), prepared };
}

/** Token ids of a prompt's text. Of one that is too long only as much is tokenized as shows that. */
function promptTextIds(model: PromptReader, what: string, prompt: PromptText): Int32Array {
  const { tokenizer, maxTokens } = model;
  const { text, bare } = prompt;
  if (tokenizer === null || text.length <= maxTokens) return textIds(model, what, prompt);
  const most = maxTokens + 1;
  const isLong = tokenizer.leastTokens(text) > maxTokens;
  const read = () => (bare ? tokenizer.ownIds(text, most) : tokenizer.with(most, tokenizer.lowercase).encode(text));
  const ids = isLong ? null : Int32Array.from(read());
  if (ids !== null && ids.length <= maxTokens) return ids;
  throw new ConfigError(
    `${what}: the prompt has more than ${maxTokens} tokens, and the model has ${maxTokens} positions: shorten it`,
    { op: what, option: "prompt", key: POSITIONS, length: maxTokens },
  );
}

const isRead = (prompt: Prompt | ReadPrompt): prompt is ReadPrompt =>
  typeof prompt === "object" && prompt !== null && "prepared" in prompt;

/** What binds the text: its own format, calls, or either where calls are possible beside JSON of a schema. */
function formatWith(what: string, own: TakenTextFormat | null, prepared: PreparedTools | null) {
  if (prepared === null) return own;
  const { format, either } = prepared;
  if (own === null) return format === null ? null : ({ kind: "tools", value: format } as const);
  if (own.kind === "schema")
    return { kind: "tools", value: format ?? { ...either, otherwise: own.value as Schema } } as const;
  throw new ConfigError(`${what}: ${own.kind} and tools each bind the text: give one of them`, {
    op: what,
    option: own.kind,
  });
}

/** Pieces of compiling a format, each about a millisecond, in the call itself, so that it throws the errors of all but very large ones. */
const COMPILED_AT_ONCE = 16;

/** What binds texts to a format; null for none. The rest of a large one is compiled before the first token, with pauses. */
function constraintFor(
  { tokenizer, model, ends }: PromptReader,
  what: string,
  format: TakenTextFormat | CallsFormat | null,
  ignoreEnd: boolean,
) {
  if (format === null) return null;
  const refuse = (problem: string) =>
    new ConfigError(`${what}: ${format.kind}: ${problem}`, { op: what, option: format.kind });
  if (tokenizer === null) throw refuse("this model has no tokenizer.json, so its tokens have no text");
  if (ignoreEnd) throw refuse("such a text ends where it is complete: leave out ignoreEnd");
  const constraint = constraintOf(what, format, { tokenizer, size: model.config.vocabularySize, ends });
  constraint.compileSome(COMPILED_AT_ONCE);
  return constraint;
}

/** The text of a conversation. Throws `ModelError` if the model has no template. */
export function chatText(
  model: PromptReader,
  what: string,
  messages: readonly ChatMessage[],
  options: ChatTemplateOptions,
): string {
  return templateOf(model, what).apply(what, messages, options);
}

function templateOf({ chatTemplate, name }: PromptReader, what: string): ChatTemplate {
  if (chatTemplate !== null) return chatTemplate;
  throw new ModelError(
    `${what}: model ${clip(name)} has no chat template (chat_template.jinja, or chat_template in tokenizer_config.json): ` +
      "give the prompt as a text",
    { op: what, model: name, key: "chat_template" },
  );
}

/** A prompt as a text; `bare` if it contains its special tokens already. */
interface PromptText {
  readonly text: string;
  readonly bare: boolean;
}

/** The text of a prompt; of messages, the conversation up to the start of an answer; null for ids. */
export function promptText(model: PromptReader, what: string, prompt: Prompt): PromptText | null {
  if (typeof prompt === "string") return { text: prompt, bare: false };
  if (!isChat(prompt)) return null;
  return { text: templateOf(model, what).textWithoutTools(what, prompt, { addGenerationPrompt: true }), bare: true };
}

/** A prompt's token ids, copied. */
export function promptIds(model: PromptReader, what: string, prompt: Prompt): Int32Array {
  const written = promptText(model, what, prompt);
  return written === null ? takeIds(model, what, "prompt", prompt as ArrayLike<number>) : textIds(model, what, written);
}

/** Token ids of a prompt's text. Throws `ConfigError` if the model has no tokenizer. */
export function textIds(
  { tokenizer }: Pick<PromptReader, "tokenizer">,
  what: string,
  { text, bare }: PromptText,
): Int32Array {
  if (tokenizer !== null) return bare ? tokenizer.encodeBare(text) : tokenizer.encode(text);
  throw new ConfigError(`${what}: this model has no tokenizer.json: a prompt is a list of token ids`, {
    op: what,
    option: "prompt",
  });
}

/** A copy of token ids. Throws `ConfigError` for ids that the model does not have, and for more than `limit`. */
export function takeIds(
  { maxTokens, model }: PromptReader,
  what: string,
  name: string,
  given: ArrayLike<number>,
  limit = maxTokens,
): Int32Array {
  const { data, least, most } = integersOf(what, name, given);
  const { vocabularySize } = model.config;
  if (data.length > 0 && (least < 0 || most >= vocabularySize))
    throw new ConfigError(`${what}: token ids are from 0 to ${vocabularySize - 1}, got ${least < 0 ? least : most}`, {
      op: what,
      option: name,
      value: least < 0 ? least : most,
      length: vocabularySize,
    });
  if (data.length <= limit) return data;
  throw new ConfigError(`${what}: ${data.length} tokens; the model has ${excerpt(limit)} positions`, {
    op: what,
    option: name,
    key: POSITIONS,
    value: data.length,
    length: limit,
  });
}

type DraftedTokens = Pick<TakenGenerateOptions, "promptLookupNumTokens" | "numAssistantTokens">;

/** Text whose tokens two models must agree on. */
const SAMPLE = "Two models draft and check: 3.5 naïve words, “quoted”, 東京.\n\tEnd";

/**
 * The draft model of a call; null for none. Throws `ConfigError` for a draft model with other tokens or beside prompt lookup, and for a number
 * of its tokens without one, `UnsupportedError` for models that cannot go back to an earlier token.
 */
function draftsOf(
  model: Pick<CalledLanguageModel, "model" | "tokenizer">,
  what: string,
  assistant: CalledLanguageModel | undefined,
  { promptLookupNumTokens: promptLookup, numAssistantTokens }: DraftedTokens,
): AssistantCall | null {
  if (assistant !== undefined && promptLookup !== undefined)
    throw new ConfigError(`${what}: assistantModel and promptLookupNumTokens both draft tokens: give one of them`, {
      op: what,
      option: "promptLookupNumTokens",
    });
  if (assistant === undefined && numAssistantTokens !== undefined)
    throw new ConfigError(`${what}: numAssistantTokens is of assistantModel, which is missing: give both, or neither`, {
      op: what,
      option: "numAssistantTokens",
      value: numAssistantTokens,
    });
  if (promptLookup !== undefined) checkGoesBack(what, "promptLookupNumTokens", model);
  if (assistant === undefined) return null;
  assertModel(what, assistant.graph, "language model");
  for (const one of [model, assistant]) checkGoesBack(what, "assistantModel", one);
  checkTokens(what, model, assistant);
  const { adapters, begin } = taken(assistant.adapterSet, undefined);
  return { model: assistant, adapters, begin };
}

function checkGoesBack(what: string, option: string, { model }: Pick<CalledLanguageModel, "model">): void {
  if (!keepsState(model.config)) return;
  throw new UnsupportedError(
    `${what}: ${option}: a model whose layers keep the state after the last token alone cannot go back from a wrong draft: leave it out`,
    { op: what, option },
  );
}

function checkTokens(
  what: string,
  model: Pick<CalledLanguageModel, "model" | "tokenizer">,
  assistant: Pick<CalledLanguageModel, "model" | "tokenizer">,
): void {
  const sizes = [model, assistant].map((one) => one.model.config.vocabularySize);
  const [ids, others] = [model, assistant].map(({ tokenizer }) => tokenizer?.encodeBare(SAMPLE).join());
  if (sizes[0] === sizes[1] && (ids === others || ids === undefined || others === undefined)) return;
  throw new ConfigError(
    `${what}: assistantModel has other tokens (a vocabulary of ${sizes[1]}, the model has ${sizes[0]}): ` +
      "a draft model is a smaller one of the same family, with the same tokenizer.json",
    { op: what, option: "assistantModel", expected: sizes[0], value: sizes[1] },
  );
}
