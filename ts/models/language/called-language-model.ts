import type { AdapterSet } from "../../adapters/adapter-set.js";
import type { LanguageModelParts } from "./load-language-model.js";

/** What is needed to tokenize a prompt. */
export type PromptReader = Pick<
  LanguageModelParts,
  "chatTemplate" | "ends" | "graph" | "model" | "name" | "tokenizer"
> & {
  /** Maximum length of a text in tokens. */
  readonly maxTokens: number;
};

/** What the calls of a language model need of it. */
export interface CalledLanguageModel extends PromptReader, Pick<LanguageModelParts, "cacheFormat"> {
  readonly adapterSet: AdapterSet;
}
