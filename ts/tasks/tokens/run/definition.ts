import { warnMeasured } from "../../../training/data/parts.js";
import { type EncoderBase, encoderBase } from "../../../training/loading.js";
import type { TaskDefinition } from "../../../training/task-definition.js";
import type { TokenSettings } from "./settings.js";
import { type LocatedText, tokenReader } from "./token-dataset.js";
import { TokenModel } from "./token-model.js";
import type { TokenizedWords } from "./tokenized-words.js";

/** A classifier of tokens: an adapter and a head on each word's first token. */
export const tokensDefinition: TaskDefinition<TokenSettings, LocatedText, TokenizedWords> = {
  makes: "a token classifier",
  reader: tokenReader,
  async survey(data, _, context) {
    warnMeasured(data, context);
    return {};
  },
  base: encoderBase,
  async open(base, data, settings, context, _, from) {
    return new TokenModel((base as EncoderBase).encoder, data, settings, context, from);
  },
};
