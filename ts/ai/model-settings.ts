import type { SharedV3ProviderOptions } from "@ai-sdk/provider";
import { checkOptions, copiedOptions } from "../arguments/options.js";
import { ConfigError } from "../errors/errors.js";
import type { GenerateOptions } from "../models/language/generate-options.js";
import type { EncodeOptions } from "../models/sentence/encoder-options.js";
import type { RankOptions } from "../tasks/cross/cross-options.js";
import type { ProvidedLanguageModel } from "./provided-models.js";

/** A value as JSON. Throws `ConfigError` for what has none, such as a circle. */
export function jsonText(what: string, name: string, value: unknown): string {
  try {
    return JSON.stringify(value) ?? "null";
  } catch (cause) {
    const message = `${what}: ${name} is no JSON: ${String(cause)}`;
    throw new ConfigError(message, { op: what, option: name, expected: "JSON" }, { cause });
  }
}

/** A copy of a value of JSON. Throws as `jsonText`. */
export const jsonCopy = (what: string, name: string, value: unknown): unknown =>
  JSON.parse(jsonText(what, name, value)) as unknown;

const LANGUAGE = [
  "adapter",
  "minP",
  "repetitionPenalty",
  "logitBias",
  "parallelToolCalls",
  "regex",
  "grammar",
  "choices",
  "ignoreEnd",
  "rounded",
  "promptLookupNumTokens",
  "numAssistantTokens",
] as const;

const EMBEDDING = ["adapter", "normalize", "prompt", "promptName", "truncateDim", "rounded"] as const;

/**
 * Options of `generate` that the AI SDK does not have, such as `adapter`: of all calls of a model, or of one call in
 * `providerOptions.lowrank`.
 */
export type LanguageSettings = Pick<GenerateOptions, (typeof LANGUAGE)[number]> & {
  /**
   * A smaller model with the same tokenizer that drafts tokens, where the model is: of this thread, or in its worker. It is no option of
   * `providerOptions`, which are JSON.
   */
  readonly assistantModel?: ProvidedLanguageModel | undefined;
};

/** Options of `rank`, of all calls of a model or of one call in `providerOptions.lowrank`. */
export type RerankingSettings = Pick<RankOptions, "activation">;

/** Options of `encode`, of all calls of a model or of one call in `providerOptions.lowrank`; but `normalize` is true by default. */
export type EmbeddingSettings = Pick<EncodeOptions, (typeof EMBEDDING)[number]>;

/** A copy of a model's settings. Throws `ConfigError` for unknown names; values are checked by each call. */
export function takeLanguageSettings(what: string, given: LanguageSettings): LanguageSettings {
  checkOptions(what, given, [...LANGUAGE, "assistantModel"]);
  return copiedOptions(given);
}

/** Checks the settings of an embedding model. */
export function takeEmbeddingSettings(what: string, given: EmbeddingSettings): EmbeddingSettings {
  checkOptions(what, given, EMBEDDING);
  return copiedOptions(given);
}

/** Checks the settings of a reranking model. */
export function takeRerankingSettings(what: string, given: RerankingSettings): RerankingSettings {
  checkOptions(what, given, ["activation"]);
  return copiedOptions(given);
}

/** A call's own settings, copied. */
export function ownOptions(what: string, options: SharedV3ProviderOptions | undefined): object {
  const { lowrank } = options ?? {};
  return lowrank === undefined ? {} : (jsonCopy(what, "providerOptions.lowrank", lowrank) as object);
}
