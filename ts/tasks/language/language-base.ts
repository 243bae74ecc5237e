import type { Engine } from "../../engine/running.js";
import { GGUF_WEIGHTS } from "../../io/gguf-name.js";
import { CausalLanguageModel } from "../../models/language/causal-language-model.js";
import { hear } from "../../training/loading.js";
import type { HashedModel } from "../../training/sources/hashed-model.js";
import type { RunContext, TaskBase } from "../../training/task-definition.js";
import type { AdapterSettings } from "./adapter-model.js";
import { checkLanguageModelFits } from "./language-memory.js";
import { checkGguf } from "./run-gguf.js";

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
