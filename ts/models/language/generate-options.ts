import type { AdapterChoice } from "../../adapters/adapter-set.js";
import { AdaptedModel } from "../../adapters/adapted-model.js";
import {
  check,
  finite,
  flag,
  isRecord,
  listFrom,
  nonNegative,
  positive,
  share,
  unexpected,
  whole,
} from "../../arguments/settings.js";
import { optional, or, readOptions } from "../../arguments/options.js";
import { readSignal } from "../../waiting/abort.js";
import type { Constraint } from "../../constraint/constraint.js";
import { type TextFormat, textFormatReaders } from "../../constraint/text-format.js";
import type { CalledLanguageModel } from "./load-language-model.js";
import type { ChatMessage, ToolOptions } from "./tools/tool-options.js";
import type { LogitOptions, Sampling } from "./sampler.js";
import type { CallReading } from "./tools/prepare-tools.js";

/** Options of `generate`. */
export interface GenerateOptions extends TextFormat, ToolOptions {
  /** Name of the adapter to apply, null for the base alone; default: the active one. */
  readonly adapter?: AdapterChoice;
  /** Cancels: the generator then throws `AbortError`. */
  readonly signal?: AbortSignal | undefined;
  /** Maximum number of new tokens; default: 256, or as many as the model's positions allow. */
  readonly maxTokens?: number | undefined;
  /** Temperature, by which logits are divided. 0 (default) always takes the most probable token. */
  readonly temperature?: number | undefined;
  /** Sample only from the k most probable tokens; default: all. */
  readonly topK?: number | undefined;
  /** Sample only from the smallest set of most probable tokens with this total probability; default 1: all. */
  readonly topP?: number | undefined;
  /** Sample only from tokens with at least this share of the highest probability; default 0: all. */
  readonly minP?: number | undefined;
  /** Repetition penalty: positive logits of earlier tokens are divided by it, negative ones multiplied; default 1. */
  readonly repetitionPenalty?: number | undefined;
  /** Subtracted from logits of tokens that were generated before, as OpenAI's `presence_penalty`; default 0. */
  readonly presencePenalty?: number | undefined;
  /** Penalty for each time that the token was generated, as OpenAI's `frequency_penalty`; default 0. */
  readonly frequencyPenalty?: number | undefined;
  /** Added to the logits of these token ids; -100 forbids a token in practice. Default: none. */
  readonly logitBias?: Readonly<Record<number, number>> | undefined;
  /** Stop sequences: generation ends before one of these texts; default: none. */
  readonly stop?: string | readonly string[] | undefined;
  /** Seed of the sampling; default 0. The same seed gives the same text. */
  readonly seed?: number | undefined;
  /** Whether `generateTokens` returns log probabilities, which takes a pass over the vocabulary for each token; default true. */
  readonly logProbabilities?: boolean | undefined;
  /** How many of the most probable tokens `generateTokens` returns beside each token, at most 20; default 0. */
  readonly topLogProbabilities?: number | undefined;
  /** Continue after an end-of-text token; default false. */
  readonly ignoreEnd?: boolean | undefined;
  /**
   * Round the inputs of products with "q8" and "q4" weights to bytes, as llama.cpp does; default true: several times as fast. With false,
   * probabilities equal those of `logits`. Other weights are never affected. On a GPU that has "shader-f16", inputs of products of more than
   * eight rows, as of prompts, are rounded to 16 bits, and nothing else.
   */
  readonly rounded?: boolean | undefined;
  /**
   * Speculative decoding by prompt lookup: draft up to so many tokens from what followed the last ones earlier in the text, and check them in
   * one pass. The text is the same to the bit; summaries and edits, which repeat their prompt, take less time. Default: none.
   */
  readonly promptLookupNumTokens?: number | undefined;
  /** Speculative decoding by a draft model: a smaller language model with the same tokenizer. The text is the same to the bit. Default: none. */
  readonly assistantModel?: (AdaptedModel & { readonly maxTokens: number }) | undefined;
  /** Most tokens that `assistantModel` drafts for a pass; default 5. Without that model it is an error. */
  readonly numAssistantTokens?: number | undefined;
}

/** The options, checked. */
export interface TakenGenerateOptions extends Sampling, LogitOptions {
  /** What binds the text to the format that was asked for; null for any text. */
  readonly constraint: Constraint | null;
  /** How calls of functions are found in the text; null for a text without. */
  readonly calls: CallReading | null;
  readonly topLogProbabilities: number;
  readonly adapter: AdapterChoice;
  readonly signal: AbortSignal | undefined;
  readonly maxTokens: number | undefined;
  readonly stop: readonly string[];
  readonly logProbabilities: boolean;
  readonly ignoreEnd: boolean;
  readonly rounded: boolean;
  readonly promptLookupNumTokens: number | undefined;
  readonly numAssistantTokens: number | undefined;
}

/** Most tokens of a draft: more are seldom all right, and each takes time. */
const MOST_DRAFTED = 64;

const minimum = check<number>("a number from 0 to 1", (value) => typeof value === "number" && value >= 0 && value <= 1);

function words(what: string, name: string, value: unknown): readonly string[] {
  const given = typeof value === "string" ? [value] : (value as readonly string[]);
  return listFrom(`${what}: stop is a text or a list of texts`, given, (word) => {
    if (typeof word === "string" && word !== "") return word;
    throw unexpected(what, name, "texts that are not empty", word);
  });
}

function biases(what: string, name: string, value: unknown): ReadonlyMap<number, number> {
  if (value === undefined) return new Map();
  if (!isRecord(value)) throw unexpected(what, name, "an object of numbers by token id", value);
  return new Map(
    Object.entries(value).map(([id, bias]) => {
      if (/^\d{1,10}$/.test(id)) return [Number(id), finite(what, name, bias)];
      throw unexpected(what, name, "an object of numbers by token id", id);
    }),
  );
}

/** One adapter, not a list. Whether it exists is checked when it is looked up. */
export function readAdapter(what: string, name: string, value: unknown): AdapterChoice {
  if (Array.isArray(value)) throw unexpected(what, name, "an adapter's name or null", value);
  return value as AdapterChoice;
}

const drafted = (what: string, name: string, value: unknown) => whole(what, name, value, 1, MOST_DRAFTED);

function languageModel(what: string, name: string, value: unknown): CalledLanguageModel {
  if (value instanceof AdaptedModel && "chatTemplate" in value) return value as unknown as CalledLanguageModel;
  throw unexpected(what, name, "a language model of this thread", value);
}

/** Read with the conversation, by a script that few programs need. */
const later = <T>(_what: string, _name: string, value: unknown): T => value as T;

const readers = {
  tools: later<ToolOptions["tools"]>,
  toolChoice: later<ToolOptions["toolChoice"]>,
  parallelToolCalls: later<ToolOptions["parallelToolCalls"]>,
  adapter: readAdapter,
  signal: readSignal,
  maxTokens: optional((what: string, name: string, value: unknown) => whole(what, name, value, 1, 2 ** 31 - 1)),
  temperature: or(0, nonNegative),
  topK: optional((what: string, name: string, value: unknown) => whole(what, name, value, 1, 2 ** 31 - 1)),
  topP: or(1, share),
  minP: or(0, minimum),
  repetitionPenalty: or(1, positive),
  presencePenalty: or(0, finite),
  frequencyPenalty: or(0, finite),
  logitBias: biases,
  stop: or([], words),
  seed: or(0, whole),
  logProbabilities: or(true, flag),
  topLogProbabilities: or(0, whole, 0, 20),
  ignoreEnd: or(false, flag),
  rounded: or(true, flag),
  promptLookupNumTokens: optional(drafted),
  assistantModel: optional(languageModel),
  numAssistantTokens: optional(drafted),
  ...textFormatReaders,
};

/** The options with their defaults. Throws `ConfigError` for invalid ones. */
export const takeGenerateOptions = (what: string, options: GenerateOptions) => readOptions(what, options, readers);

/** Input of a generation: a text, a conversation, or token ids. */
export type Prompt = string | readonly ChatMessage[] | ArrayLike<number>;

/** One request of `generateBatch`. */
export interface GenerationRequestOptions extends Omit<GenerateOptions, "signal"> {
  /** The prompt. */
  readonly prompt: Prompt;
}
