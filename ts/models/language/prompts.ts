import { assertModel } from "../../adapters/adapted-model.js";
import { constraintOf } from "../../constraint/bind.js";
import { type TextFormat, textFormatOf } from "../../constraint/text-format.js";
import { ConfigError, ModelError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import { integersOf } from "../../values/number-list.js";
import type { PromptReader } from "./called-language-model.js";
import type { ChatMessage } from "./chat-message.js";
import { type ChatTemplateOptions, isChat } from "./chat-template.js";
import { type GenerationRequest, roomFor } from "./generate.js";
import { type GenerateOptions, type Prompt, takeGenerateOptions } from "./generate-options.js";
import { draftsOf } from "./speculation/drafts-of.js";

/** Throws `StaleNodeError` if the model was disposed. */
export const assertLanguageModel = (what: string, { graph }: Pick<PromptReader, "graph">) =>
  assertModel(what, graph, "language model");

/** A request, checked and copied. */
export function takeRequest(
  model: PromptReader,
  what: string,
  prompt: Prompt,
  options: GenerateOptions,
  fixed: { logProbabilities?: false } = {},
): GenerationRequest {
  assertLanguageModel(what, model);
  const { schema, regex, grammar, choices, assistantModel, ...taken } = {
    ...takeGenerateOptions(what, options),
    ...fixed,
  };
  const assistant = draftsOf(model, what, assistantModel, taken.promptLookupNumTokens);
  const bound = boundTexts(model, what, { schema, regex, grammar, choices }, taken.ignoreEnd);
  const biased = Int32Array.from(taken.logitBias.keys(), (id) => Math.min(id, 2 ** 31 - 1));
  takeIds(model, what, "logitBias", biased, Infinity);
  const ids = promptIds(model, what, prompt);
  const room = roomFor(what, ids, taken.maxTokens, model.maxTokens);
  return { prompt: ids, room, options: { ...taken, bound }, assistant };
}

/** What begins texts in a format; null for none. */
function boundTexts({ tokenizer, model, ends }: PromptReader, what: string, options: TextFormat, ignoreEnd: boolean) {
  const format = textFormatOf(what, options);
  if (format === null) return null;
  const refuse = (problem: string) =>
    new ConfigError(`${what}: ${format.kind}: ${problem}`, { op: what, option: format.kind });
  if (tokenizer === null) throw refuse("this model has no tokenizer.json, so its tokens have no text");
  if (ignoreEnd) throw refuse("such a text ends where it is complete: leave out ignoreEnd");
  const constraint = constraintOf(what, format, { tokenizer, size: model.config.vocabularySize, ends });
  return () => constraint.begin();
}

/** The text of a conversation. Throws `ModelError` if the model has no template. */
export function chatText(
  { chatTemplate, name }: PromptReader,
  what: string,
  messages: readonly ChatMessage[],
  options: ChatTemplateOptions,
): string {
  if (chatTemplate !== null) return chatTemplate.apply(what, messages, options);
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
  return { text: chatText(model, what, prompt, { addGenerationPrompt: true }), bare: true };
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
    value: data.length,
    length: limit,
  });
}
