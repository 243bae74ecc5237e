import { type Command, Option } from "commander";
import { ConfigError } from "../../errors/errors.js";
import { specFields } from "../../jobs/spec/job-spec.js";
import {
  languageDefaults,
  languageFields,
  type LanguageSettings,
  languageTasks,
  lengthInWords,
} from "../../jobs/spec/language-settings.js";
import { weightsOptions } from "../../models/stored-weights.js";
import type { SettingsOptions } from "./finetune-options.js";
import { flagOf } from "./job-words.js";
import { fieldNames } from "./option-values.js";

/** Options of `finetune` that only `--task` has. */
export type LanguageOnlyOptions = Partial<Pick<LanguageSettings, "fields" | "weights" | "gguf">> & {
  readonly task?: LanguageSettings["task"] | "tokens";
};

/** Adds them. */
export function addLanguageOptions(command: Command): void {
  command.optionsGroup("Labelled words, and language models:");
  const { rank, alpha, batchSize, learningRate } = languageDefaults;
  command
    .addOption(
      new Option(
        "--task <name>",
        "label words (tokens), or train a language model: on texts as they are (text), or on what the assistant says in conversations " +
          "(chat); default: a classifier of texts",
      ).choices(["tokens", ...languageTasks]),
    )
    .option(
      "--fields <pairs>",
      'what the data call a field, such as "prompt=question,completion=answer" or "messages=turns"',
      fieldNames,
    )
    .addOption(
      new Option("--weights <format>", "how the base is kept in memory (default: auto)").choices(weightsOptions),
    )
    .option("--gguf", "write the adapter as a GGUF LoRA for llama.cpp too")
    .addHelpText(
      "after",
      `
With --task tokens: names, places, parts of speech. Options are as without --task; --fields names columns and fields. The data are
  CoNLL        a word and its tag a line, first and last column (--fields tokens=1,tags=3: by numbers from 0), a blank line after each
               sentence; any name but those below
  .jsonl .json { tokens, tags } or { text, spans } of { start, end, label }, counted in UTF-16 units as JavaScript does
  .csv .parquet  a word a row: columns sentence, tokens, tags
Measured is entity F1, as seqeval counts, beside the best head on the frozen encoder's vectors.

With --task text or chat: rank ${rank}, alpha ${alpha} on all linear layers, ${lengthInWords}, batches of ${batchSize}, learning rate ${learningRate}; a
tenth of the data is held out, whose perplexity chooses the step to keep. A row of the data is
  --task text   { text }, { prompt, completion }, { instruction, input, output } or { ids, mask }
  --task chat   { messages }, { conversations } or { instruction, input, output }, written by the model's chat template
`,
    );
}

/** Names that are settings of classifiers alone. */
const ofClassifiers = specFields.filter((name) => !languageFields.includes(name));

/** Throws `ConfigError` where an option is given that only language models have. */
export function refuseLanguageOptions({ task, fields, weights, gguf }: LanguageOnlyOptions): void {
  const given = Object.entries({ fields, weights, gguf }).find(([, value]) => value !== undefined);
  if (task !== undefined || given === undefined) return;
  const flag = flagOf(given[0] as keyof LanguageSettings);
  throw new ConfigError(`${flag} is of language models: say which with --task text or --task chat`, { option: flag });
}

/**
 * What the given options and the defaults make of a run on a language model. Throws `ConfigError` for options that are of
 * classifiers, and without data.
 * @param settings those of the options that are settings
 */
export function resolveLanguageSettings(
  given: SettingsOptions,
  settings: Readonly<Record<string, unknown>>,
): LanguageSettings {
  const { task, data } = given;
  const strange = ofClassifiers.find((name) => {
    const value = given[name];
    // The flag's absence is its default, which says nothing.
    return value !== undefined && !(name === "baseline" && value === true);
  });
  if (strange !== undefined || given.folds !== undefined) {
    const option = strange === undefined ? "--folds" : flagOf(strange);
    const instead = strange === "test" || strange === "testSplit" ? "; --validation names what is measured" : "";
    throw new ConfigError(`${option} is of classifiers: with --task ${task!} it says nothing${instead}`, { option });
  }
  if (data === undefined)
    throw new ConfigError(`--task ${task!} needs examples to learn from: name them with --data FILE`, {
      option: "--data",
    });
  const steps = given.epochs === undefined ? {} : { steps: null };
  return { ...languageDefaults, ...steps, ...settings, task: task as LanguageSettings["task"], data };
}
