import { whole } from "../../arguments/settings.js";
import type { FileMap } from "../../io/file-access.js";
import { modelSource } from "../../io/model-locator.js";
import type { ModelSource } from "../../io/model-source.js";
import { openSafetensors, WEIGHTS } from "../../io/safetensors/index.js";
import { TextTokenizer } from "../../tokenize/text-tokenizer.js";
import type { ModelPlan } from "../architecture.js";
import { readPlan } from "../architectures.js";
import { inHuggingFaceLayout } from "../gguf/index.js";
import { fingerprintOf } from "../file-tensors.js";
import { longestText, readSentenceLayout, type SentenceLayout } from "./layout.js";

/** How the fingerprints of the weights of all-MiniLM-L6-v2 begin, and of its copies in float16 and bfloat16. */
const miniLM = ["29d325ae371de99a", "5efb7c0eb10edda9", "2907a38a7cf2f660"];

/** A fingerprint for which only the weights count: tokenizer files with the same meaning may differ in bytes. */
export const noTokenizer = { fingerprint: "" };

/**
 * A model's layout. Without modules.json: that of the hub's model with the same weights, if known. all-MiniLM-L6-v2 takes the mean, normalised,
 * of at most 256 tokens.
 */
export function withKnownModules(layout: SentenceLayout, weights: string): SentenceLayout {
  if (layout.hasModules || !miniLM.includes(weights.slice(0, 16))) return layout;
  return { ...layout, normalize: true, maxTokens: layout.maxTokens ?? 256, hasModules: true };
}

/** Known weights are no larger than this. */
const LARGEST_KNOWN = 100_000_000;

/**
 * The tokenizer that `SentenceEncoder.load` would use, without an engine. Reads the weights only if they may decide the maximum length.
 * @param maxTokens default: from the model's files
 */
export async function loadTokenizer(
  source: string | FileMap | ModelSource,
  maxTokens: number | null,
): Promise<TextTokenizer> {
  const from = await inHuggingFaceLayout(await modelSource(source));
  const { plan } = await readPlan(from);
  const { maxPositions, vocabularySize } = plan.config;
  const files = await readSentenceLayout(from);
  // Errors in the weights are reported when the model is loaded.
  const layout = maxTokens === null ? await withModulesOf(from, files, plan).catch(() => files) : files;
  const length = whole("load", "maxTokens", maxTokens ?? longestText(layout, maxPositions), 2, maxPositions);
  return TextTokenizer.load(from, length, vocabularySize, layout.lowercase, layout.tokenizerConfig);
}

/** The sentence-transformers settings of a model, also of a known model without those files. Throws for a folder that is no encoder. */
export async function layoutOf(model: ModelSource): Promise<SentenceLayout> {
  const { plan } = await readPlan(model);
  return withModulesOf(model, await readSentenceLayout(model), plan);
}

async function withModulesOf(from: ModelSource, layout: SentenceLayout, plan: ModelPlan): Promise<SentenceLayout> {
  const found = layout.hasModules ? null : await from.open(WEIGHTS);
  if (found === null) return layout;
  if (found.size > LARGEST_KNOWN) {
    await found.close?.();
    return layout;
  }
  const file = await openSafetensors(found, WEIGHTS);
  try {
    return withKnownModules(layout, await fingerprintOf(file, plan, noTokenizer));
  } finally {
    await file.close();
  }
}
