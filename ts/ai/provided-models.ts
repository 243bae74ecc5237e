import { ConfigError, UnsupportedError } from "../errors/errors.js";
import type { GenerateOptions, Prompt } from "../models/language/generate-options.js";
import type { GeneratedToken } from "../models/language/sequence.js";
import type { EncodeOptions } from "../models/sentence/encoder-options.js";
import type { RankedText, RankOptions } from "../tasks/cross/cross-options.js";

/**
 * Makes an error one of the AI SDK's too: these are found by symbols, across copies of the package, so that `isInstance` of their classes
 * is true.
 */
function marked<E extends Error>(error: E, name: string, fields: object): E {
  const marks = ["vercel.ai.error", `vercel.ai.error.${name}`].map((mark) => [Symbol.for(mark), true]);
  return Object.assign(error, { name, ...Object.fromEntries(marks), ...fields });
}

/** An `UnsupportedError` that is an `UnsupportedFunctionalityError` too. */
export function unsupported(what: string, functionality: string, advice: string): Error {
  const message = `${what}: ${functionality} is not supported: ${advice}`;
  const error = new UnsupportedError(message, { op: what, option: "prompt", value: functionality });
  return marked(error, "AI_UnsupportedFunctionalityError", { functionality });
}

/** A `ConfigError` that is a `NoSuchModelError` too. */
export function noSuchModel(modelId: string, modelType: string, allowed: readonly string[]): Error {
  const message = `there is no ${modelType} ${JSON.stringify(modelId)} (there are ${allowed.join(", ") || "none"})`;
  const error = new ConfigError(message, { op: "createLowrank", option: "modelId", value: modelId, allowed });
  return marked(error, "AI_NoSuchModelError", { modelId, modelType });
}

/** A language model: a `CausalLanguageModel` of `lowrank`, or one of `lowrank/worker`. */
export interface ProvidedLanguageModel {
  /** Name of the base model, which is the default of `modelId`. */
  readonly name: string;
  /** Generates token by token; see `CausalLanguageModel.generateTokens`. */
  generateTokens(
    prompt: Prompt,
    options?: Omit<GenerateOptions, "assistantModel">,
  ): AsyncGenerator<GeneratedToken, void, undefined>;
}

/** A reranker: a `CrossEncoder` with one score, of `lowrank` or of `lowrank/worker`. */
export interface ProvidedReranker {
  /** Encoder, whose name is the default of `modelId`. */
  readonly encoder: { readonly name: string };
  /** Orders texts by their scores for a query; see `CrossEncoder.rank`. */
  rank(query: string, texts: readonly string[], options?: RankOptions): Promise<RankedText[]>;
}

/** A sentence encoder: a `SentenceEncoder` of `lowrank`, or one of `lowrank/worker`. */
export interface ProvidedEncoder {
  /** Name of the base model, which is the default of `modelId`. */
  readonly name: string;
  /** Encodes texts; see `SentenceEncoder.encode`. */
  encode(texts: readonly string[], options?: EncodeOptions): Promise<Float32Array[]>;
  /** Tokenizes texts; see `SentenceEncoder.tokenize`. */
  tokenize(texts: readonly string[]): Int32Array[] | Promise<Int32Array[]>;
}

export const isLanguageModel = (model: unknown): model is ProvidedLanguageModel =>
  typeof (Object(model) as Partial<ProvidedLanguageModel>).generateTokens === "function";

export const isEncoder = (model: unknown): model is ProvidedEncoder =>
  typeof (Object(model) as Partial<ProvidedEncoder>).encode === "function";

export const isReranker = (model: unknown): model is ProvidedReranker =>
  typeof (Object(model) as Partial<ProvidedReranker>).rank === "function";
