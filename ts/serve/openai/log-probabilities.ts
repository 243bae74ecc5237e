import type { GeneratedToken } from "../../models/language/sequence.js";

/** Writes a token's text by its id. */
export type TextOf = (id: number) => string;

/** Log probabilities of tokens as chat completions have them. */
export function chatLogprobs(tokens: readonly GeneratedToken[], textOf: TextOf): object {
  const entry = ({ id, logProbability }: { readonly id: number; readonly logProbability: number }) => {
    const token = textOf(id);
    return { token, logprob: logProbability, bytes: [...new TextEncoder().encode(token)] };
  };
  return {
    content: tokens.map((token) => ({ ...entry(token), top_logprobs: (token.top ?? []).map(entry) })),
    refusal: null,
  };
}

/** The same as completions have them. @param offset characters of the text before these tokens */
export function completionLogprobs(tokens: readonly GeneratedToken[], textOf: TextOf, offset: number): object {
  let at = offset;
  return {
    tokens: tokens.map(({ id }) => textOf(id)),
    token_logprobs: tokens.map(({ logProbability }) => logProbability),
    top_logprobs: tokens.map(({ top = [] }) =>
      Object.fromEntries(top.map(({ id, logProbability }) => [textOf(id), logProbability])),
    ),
    text_offset: tokens.map(({ text }) => (at += text.length) - text.length),
  };
}
