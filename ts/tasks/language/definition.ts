import { CausalLanguageModel } from "../../models/language/causal-language-model.js";
import type { TrainingTokens } from "../../models/language/training/training-tokens.js";
import { drawnParts } from "../../training/data/drawn.js";
import { hear } from "../../training/loading.js";
import type { TaskBase, TaskDefinition } from "../../training/task-definition.js";
import { languageFiles, LanguageTaskModel } from "./language-model.js";
import { checkLanguageModelFits } from "./language-memory.js";
import { type LocatedRow, readLanguageFile } from "./read-rows.js";
import { checkGguf } from "./run-gguf.js";
import { languagePlan, type LanguageSettings } from "./settings.js";

interface LanguageBase extends TaskBase {
  readonly model: CausalLanguageModel;
}

/** An adapter of a language model, trained on texts or conversations. */
export const languageDefinition: TaskDefinition<LanguageSettings, LocatedRow, TrainingTokens> = {
  modelFiles: languageFiles,
  reader: (settings, context) => ({
    read: (path) => readLanguageFile(path, settings, context),
    ...drawnParts(settings, languagePlan, context.words),
  }),
  async base({ model: source, hash: modelHash }, settings, engine, { signal }): Promise<LanguageBase> {
    await checkLanguageModelFits(source, settings, engine);
    const { weights, seed } = settings;
    const model = await CausalLanguageModel.load(source, { engine, seed, weights, signal });
    const { layers, hiddenSize } = model.model.config;
    return { model, graph: model.graph, modelHash, layers, hiddenSize, packed: 0, dispose: () => model.dispose() };
  },
  async open(base, data, settings, context) {
    const { model } = base as LanguageBase;
    await hear(context.signal);
    const trained = new LanguageTaskModel(model, data, settings, context);
    try {
      await checkGguf({ settings, model }, context);
      return trained;
    } catch (error) {
      trained.dispose();
      throw error;
    }
  },
};
