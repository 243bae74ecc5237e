import { whole } from "../../arguments/settings.js";
import { modelSource, type ModelSource, readRequiredJson } from "../../io/model-source.js";
import type { FileMap } from "../../io/file-map.js";
import { openSafetensors, WEIGHTS } from "../../io/safetensors/index.js";
import { TextTokenizer } from "../../tokenize/text-tokenizer.js";
import type { ModelPlan } from "../architecture.js";
import { inHuggingFaceLayout } from "../gguf/index.js";
import { modelPlan } from "../architectures.js";
import { fingerprintOf } from "../weights-read.js";
import { noTokenizer, withKnownModules } from "./known-modules.js";
import { longestText, readSentenceLayout, type SentenceLayout } from "./layout.js";

/** No file of weights that are known is larger. */
const LARGEST_KNOWN = 100_000_000;

/**
 * The tokenizer that `SentenceEncoder.load` would use, without an engine. Weights are read where they may decide the length of texts.
 * @param maxTokens default what the model's files say
 */
export async function loadTokenizer(
  source: string | FileMap | ModelSource,
  maxTokens: number | null,
): Promise<TextTokenizer> {
  const from = await inHuggingFaceLayout(await modelSource(source));
  const plan = await modelPlan(await readRequiredJson(from, "config.json"));
  const { maxPositions, vocabularySize } = plan.config;
  const files = await readSentenceLayout(from);
  // Loading the model says what is wrong with its weights.
  const layout = maxTokens === null ? await withModulesOf(from, files, plan).catch(() => files) : files;
  const length = whole("load", "maxTokens", maxTokens ?? longestText(layout, maxPositions), 2, maxPositions);
  return TextTokenizer.load(from, length, vocabularySize, layout.lowercase, layout.tokenizerConfig);
}

/** What sentence-transformers' files say of a model, or would say of one that is known. Throws for what is no encoder. */
export async function layoutOf(model: ModelSource): Promise<SentenceLayout> {
  const plan = await modelPlan(await readRequiredJson(model, "config.json"));
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
