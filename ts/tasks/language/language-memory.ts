import type { Engine } from "../../engine/running.js";
import { MemoryError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import { readRequiredJson } from "../../io/model-source.js";
import { inHuggingFaceLayout } from "../../models/gguf/index.js";
import { CausalLanguageModel } from "../../models/language/causal-language-model.js";
import { bytesInWords } from "../../training/estimate/memory-need.js";
import type { JobModel } from "../../training/sources/job-sources.js";
import type { LanguageSettings } from "./settings.js";

/** Throws `MemoryError`, before the model is loaded, if its weights do not fit. */
export async function checkLanguageModelFits(
  source: JobModel,
  { weights: asked }: Pick<LanguageSettings, "weights">,
  { info }: Engine,
): Promise<void> {
  const { used, maximum } = info.memory;
  // The bytes of "auto" depend on the file; this is the minimum.
  const weights = asked === "auto" ? "q4" : asked;
  const config = await readRequiredJson(await inHuggingFaceLayout(source), "config.json");
  const { weights: bytes } = await CausalLanguageModel.estimateMemory(config, { tokens: 1, lora: null, weights });
  if (used + bytes <= maximum) return;
  throw new MemoryError(
    `model ${clip(source.name)}: its weights take ${bytesInWords(bytes)} of linear memory, ${bytesInWords(maximum - used)} of ` +
      `${bytesInWords(maximum)} are left: use a smaller model${weights === "q4" ? "" : ', or weights with fewer bits ("q8", "q4")'}`,
    { requested: bytes, used, maximum },
  );
}
