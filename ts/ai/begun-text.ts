import type { GeneratedToken } from "../models/language/sequence.js";
import type { ModelCall } from "./model-call.js";
import type { ProvidedLanguageModel } from "./provided-models.js";

/** A text while it is generated. */
export interface BegunText {
  /** Number of the prompt's tokens, and of those that an earlier text had computed; undefined for one that is computed alone, of the prompt only in a worker. */
  readonly promptTokens: number | undefined;
  readonly reused: number | undefined;
  /** The next token; null after the last. Rejects with the error that ended the text. */
  next(): Promise<GeneratedToken | null>;
  /** Gives the text up; it may have ended already. */
  end(): void;
}

/** Begins a text that shares no passes with others, such as of a model in a worker. Its options are checked with the first token. */
export function begunAlone(
  model: ProvidedLanguageModel,
  { messages, options }: Pick<ModelCall, "messages" | "options">,
): BegunText {
  const ended = new AbortController();
  const signal = AbortSignal.any([ended.signal, ...(options.signal === undefined ? [] : [options.signal])]);
  const tokens = model.generateTokens(messages, { ...options, signal });
  return {
    promptTokens: undefined,
    reused: undefined,
    async next() {
      const { done, value } = await tokens.next();
      return done === true ? null : value;
    },
    // It has ended for its reader, and nobody hears of an error any more.
    end() {
      // Also where no token has come yet.
      ended.abort();
      void tokens.return().catch(() => undefined);
    },
  };
}
