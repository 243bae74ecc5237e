import type { EncodeOptions } from "../models/sentence/encoder-options.js";
import type { RankedText, RankOptions } from "../tasks/cross/cross-options.js";
import type { GenerateOptions, Prompt } from "../models/language/generate-options.js";
import type { GeneratedToken } from "../models/language/sequence.js";

/** A language model: a `CausalLanguageModel` of `lowrank`, or one of `lowrank/worker`. */
export interface ProvidedLanguageModel {
  /** Name of the base model, which is the default of `modelId`. */
  readonly name: string;
  /** As `CausalLanguageModel.generateTokens`. */
  generateTokens(
    prompt: Prompt,
    options?: Omit<GenerateOptions, "assistantModel">,
  ): AsyncGenerator<GeneratedToken, void, undefined>;
}

/** A reranker: a `CrossEncoder` with one score, of `lowrank` or of `lowrank/worker`. */
export interface ProvidedReranker {
  /** Its encoder, whose name is the default of `modelId`. */
  readonly encoder: { readonly name: string };
  /** As `CrossEncoder.rank`. */
  rank(query: string, texts: readonly string[], options?: RankOptions): Promise<RankedText[]>;
}

/** A sentence encoder: a `SentenceEncoder` of `lowrank`, or one of `lowrank/worker`. */
export interface ProvidedEncoder {
  /** Name of the base model, which is the default of `modelId`. */
  readonly name: string;
  /** As `SentenceEncoder.encode`. */
  encode(texts: readonly string[], options?: EncodeOptions): Promise<Float32Array[]>;
  /** As `SentenceEncoder.tokenize`. */
  tokenize(texts: readonly string[]): Int32Array[] | Promise<Int32Array[]>;
}

export const isLanguageModel = (model: unknown): model is ProvidedLanguageModel =>
  typeof (Object(model) as Partial<ProvidedLanguageModel>).generateTokens === "function";

export const isEncoder = (model: unknown): model is ProvidedEncoder =>
  typeof (Object(model) as Partial<ProvidedEncoder>).encode === "function";

export const isReranker = (model: unknown): model is ProvidedReranker =>
  typeof (Object(model) as Partial<ProvidedReranker>).rank === "function";
