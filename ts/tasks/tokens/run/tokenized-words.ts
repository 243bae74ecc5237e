import type { TokensInText } from "../../../tokenize/text-tokenizer.js";
import type { TokenTargets } from "../token-training.js";
import type { LocatedText } from "./token-dataset.js";

/** A text of labelled words as tokens. */
export interface TokenizedWords extends TokenTargets {
  readonly example: LocatedText;
  readonly tokens: TokensInText;
}
