import type { TrainingTokens } from "../../models/language/training/training-examples.js";
import { drawnParts } from "../../training/data/drawn.js";
import type { TaskDefinition } from "../../training/task-definition.js";
import { type LanguageBase, languageBase, languageFiles, languageUse, openLanguage } from "./language-base.js";
import { LanguageTaskModel } from "./language-model.js";
import { type LocatedRow, readLanguageFile, wholeText } from "./read-rows.js";
import { languagePlan, type LanguageSettings } from "./settings.js";

/** An adapter of a language model, trained on texts or conversations. */
export const languageDefinition: TaskDefinition<LanguageSettings, LocatedRow, TrainingTokens> = {
  ...languageUse,
  modelFiles: languageFiles,
  texts: ({ example }) => [wholeText(example)],
  reader: (settings, context) => ({
    read: (path) => readLanguageFile(path, settings, context),
    ...drawnParts(settings, languagePlan, context.optionNames),
  }),
  base: languageBase,
  open(base, data, settings, context, _, from) {
    const { model } = base as LanguageBase;
    const make = () => new LanguageTaskModel(model, data, settings, context, from);
    return openLanguage(base as LanguageBase, settings, context, make);
  },
};
