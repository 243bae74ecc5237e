import type { SentenceLayout } from "./layout.js";

/** How the fingerprints of the weights of all-MiniLM-L6-v2 begin, and of its copies in float16 and bfloat16. */
const miniLM = ["29d325ae371de99a", "5efb7c0eb10edda9", "2907a38a7cf2f660"];

/** Only the weights count: tokenizer files with the same meaning may differ in bytes. */
export const noTokenizer = { fingerprint: "" };

/**
 * A model's layout. Without modules.json: that of the hub's model with the same weights, if known. all-MiniLM-L6-v2 takes the mean, normalised,
 * of at most 256 tokens.
 */
export function withKnownModules(layout: SentenceLayout, weights: string): SentenceLayout {
  if (layout.hasModules || !miniLM.includes(weights.slice(0, 16))) return layout;
  return { ...layout, normalize: true, maxTokens: layout.maxTokens ?? 256, hasModules: true };
}
