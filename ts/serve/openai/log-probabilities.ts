import type { GeneratedToken } from "../../models/language/sequence.js";

/** A token by itself. */
export interface WrittenToken {
  /** Parts of characters are "�". */
  readonly text: string;
  /** Null for a model without a tokenizer. */
  readonly bytes: readonly number[] | null;
}

/** Writes a token by its id. */
export type TextOf = (id: number) => WrittenToken;

/** Log probabilities of each token, as responses have them. */
export function tokenLogprobs(tokens: readonly GeneratedToken[], textOf: TextOf): object[] {
  const entry = ({ id, logProbability }: { readonly id: number; readonly logProbability: number }) => {
    const { text, bytes } = textOf(id);
    return { token: text, logprob: logProbability, bytes };
  };
  return tokens.map((token) => ({ ...entry(token), top_logprobs: (token.top ?? []).map(entry) }));
}

/** The same as chat completions have them. */
export const chatLogprobs = (tokens: readonly GeneratedToken[], textOf: TextOf): object => ({
  content: tokenLogprobs(tokens, textOf),
  refusal: null,
});

/** As completions have them. @param offset characters of the text before these tokens */
export function completionLogprobs(tokens: readonly GeneratedToken[], textOf: TextOf, offset: number): object {
  let at = offset;
  return {
    tokens: tokens.map(({ id }) => nameOf(textOf(id))),
    token_logprobs: tokens.map(({ logProbability }) => logProbability),
    top_logprobs: tokens.map(({ top = [] }) =>
      Object.fromEntries(top.map(({ id, logProbability }) => [nameOf(textOf(id)), logProbability])),
    ),
    text_offset: tokens.map(({ text }) => (at += text.length) - text.length),
  };
}

/** Names are unique: parts of characters are written as bytes, in OpenAI's form. */
function nameOf({ text, bytes }: WrittenToken): string {
  if (bytes === null || !text.includes("�")) return text;
  return `bytes:${bytes.map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("")}`;
}
