import { whole } from "../../arguments/settings.js";
import { modelSource, type ModelSource, readRequiredJson } from "../../io/model-source.js";
import type { FileMap } from "../../io/file-map.js";
import { TextTokenizer } from "../../tokenize/text-tokenizer.js";
import { inHuggingFaceLayout } from "../gguf/index.js";
import { modelPlan } from "../architectures.js";
import { readSentenceLayout } from "./layout.js";

/**
 * The tokenizer that `SentenceEncoder.load` would use, without weights or an engine.
 * @param maxTokens default what the model's files say
 */
export async function loadTokenizer(
  source: string | FileMap | ModelSource,
  maxTokens: number | null,
): Promise<TextTokenizer> {
  const from = await inHuggingFaceLayout(await modelSource(source));
  const { maxPositions, vocabularySize } = (await modelPlan(await readRequiredJson(from, "config.json"))).config;
  const layout = await readSentenceLayout(from);
  const most = Math.min(layout.maxTokens ?? maxPositions, maxPositions);
  const length = whole("load", "maxTokens", maxTokens ?? most, 2, maxPositions);
  return TextTokenizer.load(from, length, vocabularySize, layout.lowercase, layout.tokenizerConfig);
}
