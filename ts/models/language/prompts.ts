import { assertModel } from "../../adapters/adapted-model.js";
import { ConfigError, ModelError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import { integersOf } from "../../values/number-list.js";
import type { CausalLanguageModel, Prompt } from "./causal-language-model.js";
import { type ChatMessage, type ChatTemplateOptions, isChat } from "./chat-template.js";
import { type GenerationRequest, roomFor } from "./generate.js";
import { type GenerateOptions, takeGenerateOptions } from "./generate-options.js";

/** What a prompt is made ids by. */
type Reader = Pick<CausalLanguageModel, "chatTemplate" | "graph" | "maxTokens" | "model" | "name" | "tokenizer">;

/** Throws `StaleNodeError` where the model was disposed of. */
export const assertLanguageModel = (what: string, { graph }: Pick<Reader, "graph">) =>
  assertModel(what, graph, "language model");

/** What is asked for, checked and copied. */
export function takeRequest(
  model: Reader,
  what: string,
  prompt: Prompt,
  options: GenerateOptions,
  fixed: { logProbabilities?: false } = {},
): GenerationRequest {
  assertLanguageModel(what, model);
  const taken = { ...takeGenerateOptions(what, options), ...fixed };
  const ids = promptIds(model, what, prompt);
  return { prompt: ids, room: roomFor(what, ids, taken.maxTokens, model.maxTokens), options: taken };
}

/** The text of a conversation. Throws `ModelError` where the model has no template. */
export function chatText(
  { chatTemplate, name }: Reader,
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

/** A prompt's token ids, a copy. */
export function promptIds(model: Reader, what: string, prompt: Prompt): Int32Array {
  const chat = isChat(prompt);
  if (typeof prompt !== "string" && !chat) return takeIds(model, what, "prompt", prompt);
  const text = chat ? chatText(model, what, prompt, { addGenerationPrompt: true }) : prompt;
  if (model.tokenizer !== null) return chat ? model.tokenizer.encodeBare(text) : model.tokenizer.encode(text);
  throw new ConfigError(`${what}: this model has no tokenizer.json: a prompt is a list of token ids`, {
    op: what,
    option: "prompt",
  });
}

/** A copy of token ids. Throws `ConfigError` for those that the model does not have, and for more than `limit`. */
export function takeIds(
  { maxTokens, model }: Reader,
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
