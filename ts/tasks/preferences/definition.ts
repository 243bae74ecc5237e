import { takePreferenceLoss } from "../../models/language/training/preferences.js";
import type { PreparedPreference } from "../../models/language/training/preference-examples.js";
import { drawnParts } from "../../training/data/drawn.js";
import type { TaskDefinition } from "../../training/task-definition.js";
import {
  type LanguageBase,
  languageBase,
  languageFiles,
  languageUse,
  openLanguage,
} from "../language/language-base.js";
import { textOfTurns } from "../language/read-rows.js";
import { languagePlan } from "../language/settings.js";
import { PreferenceTaskModel } from "./preference-model.js";
import { type LocatedPreference, readPreferences } from "./read-preferences.js";
import type { PreferenceSettings } from "./settings.js";

/** The loss of a run's settings. Throws `ConfigError` for constants that it does not have. */
function lossOf({ loss, ...settings }: PreferenceSettings, nameOf: (name: keyof PreferenceSettings) => string) {
  const { beta, labelSmoothing, simpoGamma, desirableWeight, undesirableWeight } = settings;
  const given = { beta, labelSmoothing, simpoGamma, desirableWeight, undesirableWeight };
  const own = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null));
  return takePreferenceLoss("preferences", { loss, ...own }, (name) => nameOf(name));
}

/** An adapter of a language model, trained on preferences. */
export const preferenceDefinition: TaskDefinition<PreferenceSettings, LocatedPreference, PreparedPreference> = {
  repeatsTexts: true,
  ...languageUse,
  modelFiles: languageFiles,
  texts: ({ example }) =>
    (example.kind === "pair" ? [example.chosen, example.rejected] : [example.answered]).map(
      ({ prompt, answer }) => textOf(prompt) + textOf(answer),
    ),
  reader(settings, context) {
    lossOf(settings, context.optionNames.setting);
    return {
      read: (path) => readPreferences(path, settings, context),
      ...drawnParts(settings, languagePlan, context.optionNames),
    };
  },
  base: languageBase,
  open(base, _data, settings, context, _, from) {
    const { model } = base as LanguageBase;
    const loss = lossOf(settings, context.optionNames.setting);
    const make = () => new PreferenceTaskModel(model, settings, loss, context, from);
    return openLanguage(base as LanguageBase, settings, context, make);
  },
  about({ examples }) {
    const answers = examples.flatMap(({ example }) => (example.kind === "pair" ? [] : [example.desirable]));
    const longer = examples.filter(
      ({ example }) => example.kind === "pair" && lengthOf(example.chosen.answer) > lengthOf(example.rejected.answer),
    );
    return {
      prompts: new Set(examples.map(({ text }) => text)).size,
      ...(answers.length === 0
        ? { "pairs whose chosen answer is longer": longer.length }
        : { "desirable answers": answers.filter((one) => one).length }),
    };
  },
};

const textOf = (part: string | readonly { readonly content?: unknown }[]) =>
  typeof part === "string" ? part : textOfTurns(part);

const lengthOf = (answer: string | readonly { readonly content?: unknown }[]): number =>
  typeof answer === "string"
    ? answer.length
    : answer.reduce((sum, { content }) => sum + (typeof content === "string" ? content.length : 0), 0);
