import type { Engine } from "../../engine/running.js";
import { GGUF_WEIGHTS } from "../../io/gguf/index.js";
import { CausalLanguageModel } from "../../models/language/causal-language-model.js";
import { hear } from "../../training/loading.js";
import type { HashedModel } from "../../training/sources/hashed-model.js";
import type { RunContext, TaskBase } from "../../training/task-definition.js";
import { type AdapterSettings, checkGguf } from "./adapter-model.js";
import { MemoryError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import { readRequiredJson } from "../../io/model-source.js";
import { inHuggingFaceLayout } from "../../models/gguf/index.js";
import { bytesInWords } from "../../training/estimate/memory-need.js";
import type { JobModel } from "../../training/sources/job-sources.js";
import type { LanguageSettings } from "./settings.js";

/** Files that a language model's result depends on, besides those of an encoder. */
export const languageFiles: readonly string[] = [GGUF_WEIGHTS, "chat_template.jinja", "generation_config.json"];

/** What a run makes, and what uses it. */
export const languageUse = {
  makes: "a language model's adapter",
  usedBy: (folder: string) =>
    `use it with \`lowrank generate --adapter ${folder}\` or \`lowrank chat\`; \`lowrank inspect\` shows what its run measured`,
};

/** The loaded language model of a run. */
export interface LanguageBase extends TaskBase {
  readonly model: CausalLanguageModel;
}

/** Loads it. Throws `MemoryError` before that if memory is too small. */
export async function languageBase(
  { model: source, hash: modelHash }: HashedModel,
  settings: AdapterSettings,
  engine: Engine,
  { signal }: RunContext,
): Promise<LanguageBase> {
  await checkLanguageModelFits(source, settings, engine);
  const { weights, seed } = settings;
  const model = await CausalLanguageModel.load(source, { engine, seed, weights, signal });
  const { layers, hiddenSize, maxPositions } = model.model.config;
  const maxTokens = settings.maxTokens ?? maxPositions;
  return {
    model,
    graph: model.graph,
    modelHash,
    layers,
    hiddenSize,
    maxTokens,
    packed: 0,
    dispose: () => model.dispose(),
  };
}

/** Adds the trained part, and checks that a GGUF file can hold it if the run asks for one. */
export async function openLanguage<T extends { dispose(): void }>(
  { model }: LanguageBase,
  settings: AdapterSettings,
  context: RunContext,
  make: () => T,
): Promise<T> {
  await hear(context.signal);
  const trained = make();
  try {
    await checkGguf({ settings, model }, context);
    return trained;
  } catch (error) {
    trained.dispose();
    throw error;
  }
}

/** Throws `MemoryError`, before the model is loaded, if its weights do not fit. */
async function checkLanguageModelFits(
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
