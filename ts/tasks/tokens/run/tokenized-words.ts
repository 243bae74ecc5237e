import type { TokensInText } from "../../../tokenize/text-tokenizer.js";
import type { TokenTargets } from "../token-training.js";
import type { LocatedText } from "./token-dataset.js";

/** A text of labelled words as the model reads it. */
export interface TokenizedWords extends TokenTargets {
  readonly example: LocatedText;
  readonly tokens: TokensInText;
}
