import { AdapterSet, type AddedFor } from "../../adapters/adapter-set.js";
import type { LoraOptions } from "../../adapters/lora-options.js";
import type { ModelAdapter } from "../../adapters/model-adapter.js";
import type { ReadableBase } from "../../adapters/read-adapter.js";
import { readOptions } from "../../arguments/options.js";
import { checkRecord, listFrom, unexpected } from "../../arguments/settings.js";
import { ConfigError } from "../../errors/errors.js";
import type { Graph } from "../../graph/graph.js";
import { isAllLinear } from "../../io/peft/targets.js";
import { commonLength } from "../../values/number-list.js";
import type { Tensor } from "../../values/tensor.js";
import { readSignal, throwIfAborted } from "../../waiting/abort.js";
import { nextTask } from "../../waiting/next-task.js";
import type { DecoderConfig } from "../decoder/config.js";
import { isChat } from "./chat-template.js";
import { type GenerateOptions, type GenerationRequestOptions, type Prompt, readAdapter } from "./generate-options.js";
import { type BatchToken, beginWith, generateTokens, single, taken, texts, underWay } from "./generate.js";
import type { CalledLanguageModel } from "./load-language-model.js";
import {
  checkedCompletion,
  type CompletionScore,
  logitsOf,
  type LogitsOptions,
  type Perplexity,
  perplexityOf,
  type PerplexityOptions,
  scoresOf,
  takePerplexity,
} from "./scoring.js";
import { assertLanguageModel, promptIds, promptText, takeIds, takeRequest, textIds } from "./prompts.js";
import type { GeneratedToken, GenerationEnd } from "./sequence.js";
import { type ChatMessage, type ToolCall, toolCallsOf } from "./tools/tool-options.js";

// This module, with the methods of `CausalLanguageModel`, is fetched when a model is loaded.
export { estimateLanguageMemory } from "./estimate.js";
export { GenerationSession } from "./generation-session.js";
export { loadLanguageModel } from "./load-language-model.js";
export { chatText } from "./prompts.js";
export { evaluateLanguage, fitLanguage } from "./training/fit-language.js";
export { fitPreferences } from "./training/preferences.js";

/** The adapters of a language model. */
export const adapterSetOf = (graph: Graph, base: ReadableBase, { allLinear }: DecoderConfig): AdapterSet =>
  allLinear === undefined ? new AdapterSet(graph, base) : new NamedLinears(graph, base, allLinear);

/** Adapters of a model for which PEFT's "all-linear" means more than linear layers: files name the layers in its place. */
class NamedLinears extends AdapterSet {
  constructor(
    graph: Graph,
    base: ReadableBase,
    private readonly names: readonly string[],
  ) {
    super(graph, base);
  }

  override add(name: string, options: LoraOptions, added: AddedFor): ModelAdapter {
    const { targetModules } = Object(options) as LoraOptions;
    const isAll = typeof targetModules === "string" && isAllLinear(targetModules);
    return super.add(name, isAll ? { ...options, targetModules: this.names } : options, added);
  }
}

/** What `CausalLanguageModel.logits` does. */
export async function logits(
  model: CalledLanguageModel,
  ids: ArrayLike<number>,
  options: LogitsOptions,
): Promise<Tensor> {
  assertLanguageModel("logits", model);
  const { adapter, signal } = readOptions("logits", options, { adapter: readAdapter, signal: readSignal });
  const taken = takeIds(model, "logits", "ids", ids);
  return model.adapterSet.during(adapter, async (adapters) => {
    throwIfAborted(signal);
    await nextTask();
    throwIfAborted(signal);
    assertLanguageModel("logits", model);
    return logitsOf(model, adapters, taken);
  });
}

/** What `generate` does. */
export function generate(
  model: CalledLanguageModel,
  prompt: Prompt,
  options: GenerateOptions,
): AsyncGenerator<string, void, undefined> {
  if (model.tokenizer === null)
    throw new ConfigError("generate: this model has no tokenizer.json; `generateTokens` gives ids", {
      op: "generate",
      option: "prompt",
    });
  return texts(generateOne(model, "generate", prompt, options, { logProbabilities: false }));
}

/** What `generateTokens` does. */
export function generateOne(
  model: CalledLanguageModel,
  what: string,
  prompt: Prompt,
  options: GenerateOptions,
  fixed: { logProbabilities?: false } = {},
): AsyncGenerator<GeneratedToken, void, undefined> {
  const request = takeRequest(model, what, prompt, options, fixed);
  const { adapter, signal } = request.options;
  const { adapters, begin } = taken(model.adapterSet, adapter);
  return underWay(single(generateTokens(model, adapters, [request], signal)), beginWith(begin, [request]));
}

/** The next message of a conversation, whole. */
export interface ChatAnswer {
  /** Text of the answer. */
  readonly content: string;
  /** Calls of functions; only with `tools`. */
  readonly toolCalls: readonly ToolCall[];
  /** Why it ended. */
  readonly end: GenerationEnd;
}

/** What `chat` does. */
export async function chat(
  model: CalledLanguageModel,
  messages: readonly ChatMessage[],
  options: GenerateOptions,
): Promise<ChatAnswer> {
  if (!isChat(messages)) throw unexpected("chat", "messages", "a list of { role, content }", messages);
  const tokens: GeneratedToken[] = [];
  for await (const token of generateOne(model, "chat", messages, options, { logProbabilities: false }))
    tokens.push(token);
  const content = tokens.map(({ text }) => text).join("");
  return { content, toolCalls: toolCallsOf(tokens), end: tokens.at(-1)!.end! };
}

/** What `generateBatch` does. */
export function generateBatch(
  model: CalledLanguageModel,
  requests: readonly GenerationRequestOptions[],
  options: { readonly signal?: AbortSignal | undefined },
): AsyncGenerator<BatchToken, void, undefined> {
  const what = "generateBatch";
  assertLanguageModel(what, model);
  const { signal } = readOptions(what, options, { signal: readSignal });
  const expected = `${what}: requests are a list of { prompt, … }, options of generateTokens but signal beside it`;
  const asked = listFrom(expected, requests, (request) => {
    checkRecord(expected, request);
    const { prompt, ...rest } = request as unknown as GenerationRequestOptions;
    if ("signal" in rest) throw new ConfigError(expected, { op: what, option: "signal" });
    return takeRequest(model, what, prompt, rest);
  });
  if (asked.length === 0) throw new ConfigError(`${what}: there is no request`, { op: what, option: "requests" });
  const choices = asked.map(({ options }) => options.adapter);
  const { adapters, begin } = taken(model.adapterSet, choices);
  return underWay(generateTokens(model, adapters, asked, signal), beginWith(begin, asked));
}

/** What `score` does. */
export async function score(
  model: CalledLanguageModel,
  prompt: Prompt,
  completions: readonly (string | ArrayLike<number>)[],
  options: LogitsOptions,
): Promise<CompletionScore[]> {
  const what = "score";
  assertLanguageModel(what, model);
  const { adapter, signal } = readOptions(what, options, { adapter: readAdapter, signal: readSignal });
  const written = promptText(model, what, prompt);
  const before = written === null ? promptIds(model, what, prompt) : textIds(model, what, written);
  const taken = listFrom(`${what}: completions are a list of texts or of lists of ids`, completions, (completion) =>
    completed(model, what, written, before, completion as string | ArrayLike<number>),
  );
  return model.adapterSet.during(adapter, (adapters) => scoresOf(model, adapters, taken, signal));
}

/** What `perplexity` does. */
export async function perplexity(
  model: CalledLanguageModel,
  given: readonly (string | ArrayLike<number>)[],
  options: PerplexityOptions,
): Promise<Perplexity> {
  const what = "perplexity";
  assertLanguageModel(what, model);
  const taken = takePerplexity(what, options, model.maxTokens);
  const all = listFrom(`${what}: texts are a list of texts or of lists of ids`, given, (text) =>
    typeof text === "string"
      ? promptIds(model, what, text)
      : takeIds(model, what, "texts", text as ArrayLike<number>, Infinity),
  );
  return model.adapterSet.during(taken.adapter, (adapters) => perplexityOf(model, adapters, all, taken));
}

/** A prompt and a completion, and where the completion begins. */
function completed(
  model: CalledLanguageModel,
  what: string,
  written: ReturnType<typeof promptText>,
  before: Int32Array,
  completion: string | ArrayLike<number>,
) {
  if (typeof completion !== "string") {
    const own = takeIds(model, what, "completions", completion);
    const ids = takeIds(model, what, "completions", Int32Array.from([...before, ...own]));
    return checkedCompletion(what, ids, before.length);
  }
  if (written === null)
    throw new ConfigError(`${what}: behind a prompt of token ids, a completion is a list of token ids`, {
      op: what,
      option: "completions",
      value: completion,
    });
  const whole = { ...written, text: written.text + completion };
  const ids = takeIds(model, what, "completions", textIds(model, what, whole));
  return checkedCompletion(what, ids, commonLength(before, ids));
}
