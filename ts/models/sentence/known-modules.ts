import type { SentenceLayout } from "./layout.js";

interface KnownModules {
  readonly normalize: boolean;
  readonly maxTokens: number;
}

/** all-MiniLM-L6-v2: the mean, normalised, of at most 256 tokens. */
const miniLM: KnownModules = { normalize: true, maxTokens: 256 };

/** Settings of sentence-transformers for models whose copies often lack those files, by the fingerprint of the weights. */
const known: Readonly<Record<string, KnownModules>> = {
  "29d325ae371de99aceb76b34214133d1": miniLM,
  // Its copies in float16 and bfloat16.
  "5efb7c0eb10edda9b371b482a586c159": miniLM,
  "2907a38a7cf2f6604e718305fe7d290e": miniLM,
};

/** Only the weights count: tokenizer files with the same meaning may differ in bytes. */
export const noTokenizer = { fingerprint: "" };

/** A model's layout. Without modules.json: that of the hub's model with the same weights, if known. */
export function withKnownModules(layout: SentenceLayout, weights: string): SentenceLayout {
  const found = layout.hasModules ? undefined : known[weights];
  if (found === undefined) return layout;
  return { ...layout, ...found, maxTokens: layout.maxTokens ?? found.maxTokens, hasModules: true };
}
