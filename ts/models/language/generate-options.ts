import type { AdapterChoice } from "../../adapters/adapter-set.js";
import { listFrom } from "../../arguments/collections.js";
import { optional, or, readOptions } from "../../arguments/read-options.js";
import { check, flag, nonNegative, positive, share, unexpected, whole } from "../../arguments/settings.js";
import { readSignal } from "../../waiting/abort.js";
import type { Sampling } from "./sampler.js";

/** How text is generated. */
export interface GenerateOptions {
  /** Name of the adapter that applies, null for the base alone; default the active one. */
  readonly adapter?: AdapterChoice;
  /** Cancels: the next token is then `AbortError`. */
  readonly signal?: AbortSignal | undefined;
  /** Most tokens that are generated; default 256, or as many as the model's positions leave. */
  readonly maxTokens?: number | undefined;
  /** What logits are divided by; 0, the default, always takes the likeliest token. */
  readonly temperature?: number | undefined;
  /** Only so many of the likeliest tokens are drawn from; default all. */
  readonly topK?: number | undefined;
  /** Only the fewest likeliest tokens that have this much probability together are drawn from; default 1, all. */
  readonly topP?: number | undefined;
  /** Only tokens at least so likely, as a share of the likeliest, are drawn from; default 0, all. */
  readonly minP?: number | undefined;
  /** What logits of tokens that came before are divided by, where positive, or multiplied with; default 1. */
  readonly repetitionPenalty?: number | undefined;
  /** Texts before which generation ends; default none. */
  readonly stop?: string | readonly string[] | undefined;
  /** Seed of what is drawn; default 0. The same one gives the same text. */
  readonly seed?: number | undefined;
  /** Whether `generateTokens` gives log probabilities, which takes a pass over the vocabulary a token; default true. */
  readonly logProbabilities?: boolean | undefined;
  /** Go on past the end-of-text token; default false. */
  readonly ignoreEnd?: boolean | undefined;
  /**
   * Round what is multiplied with weights in "q8" or "q4" to bytes, as llama.cpp does: default true, several times as fast. With false
   * probabilities are those of `logits`. Other weights are never multiplied so.
   */
  readonly rounded?: boolean | undefined;
}

/** As generation takes them. */
export interface TakenGenerateOptions extends Sampling {
  readonly adapter: AdapterChoice;
  readonly signal: AbortSignal | undefined;
  readonly maxTokens: number | undefined;
  readonly stop: readonly string[];
  readonly logProbabilities: boolean;
  readonly ignoreEnd: boolean;
  readonly rounded: boolean;
}

const minimum = check<number>("a number from 0 to 1", (value) => typeof value === "number" && value >= 0 && value <= 1);

function words(what: string, name: string, value: unknown): readonly string[] {
  const given = typeof value === "string" ? [value] : (value as readonly string[]);
  return listFrom(`${what}: stop is a text or a list of texts`, given, (word) => {
    if (typeof word === "string" && word !== "") return word;
    throw unexpected(what, name, "texts that are not empty", word);
  });
}

/** One adapter: a list would be one for each of several texts. Whether there is such a one is found when it is looked up. */
export function readAdapter(what: string, name: string, value: unknown): AdapterChoice {
  if (Array.isArray(value)) throw unexpected(what, name, "an adapter's name or null", value);
  return value as AdapterChoice;
}

const readers = {
  adapter: readAdapter,
  signal: readSignal,
  maxTokens: optional((what: string, name: string, value: unknown) => whole(what, name, value, 1, 2 ** 31 - 1)),
  temperature: or(0, nonNegative),
  topK: optional((what: string, name: string, value: unknown) => whole(what, name, value, 1, 2 ** 31 - 1)),
  topP: or(1, share),
  minP: or(0, minimum),
  repetitionPenalty: or(1, positive),
  stop: or([], words),
  seed: or(0, whole),
  logProbabilities: or(true, flag),
  ignoreEnd: or(false, flag),
  rounded: or(true, flag),
};

/** The options with their defaults, read once. Throws `ConfigError` for what makes no sense. */
export const takeGenerateOptions = (what: string, options: GenerateOptions): TakenGenerateOptions =>
  readOptions(what, options, readers);
