import type { SentenceLayout } from "./layout.js";

/** What sentence-transformers' files say of models that often come without them, by the fingerprint of their weights. */
const known: Readonly<Record<string, { readonly normalize: boolean; readonly maxTokens: number }>> = {
  // all-MiniLM-L6-v2: the mean, normalised, of at most 256 tokens.
  "29d325ae371de99aceb76b34214133d1": { normalize: true, maxTokens: 256 },
};

/** Weights count alone: a tokenizer's files may be written in another way. */
export const noTokenizer = { fingerprint: "" };

/** A model's layout; without modules.json that of the same weights on the hub, where they are known. */
export function withKnownModules(layout: SentenceLayout, weights: string): SentenceLayout {
  const found = layout.hasModules ? undefined : known[weights];
  if (found === undefined) return layout;
  return { ...layout, ...found, maxTokens: layout.maxTokens ?? found.maxTokens, hasModules: true };
}
