import { type Command, Option } from "commander";
import { defaultsOf } from "../../training/spec/field.js";
import { languageFields, languagePlan } from "../../tasks/language/settings.js";
import { preferenceFields } from "../../tasks/preferences/settings.js";
import { formatLength } from "../../training/spec/run-settings.js";
import { adapterOptions, addAdapterOptions } from "./adapter-settings.js";
import {
  adapterSettingNames,
  type FlagGroup,
  flagGroups,
  type SettingFlag,
  type SettingName,
} from "./setting-flags.js";
import { REVECTORIZE_HELP } from "../engine-start.js";
import { whole } from "./option-values.js";
import type { SettingsOptions } from "./settings-of-options.js";

/** Adds the options of a spec of any task. They have no defaults, so that explicit ones can be recognised. */
export function addSpecOptions(command: Command): Command {
  for (const [title, flags] of Object.entries(flagGroups) as [string, FlagGroup][]) {
    command.optionsGroup(title);
    for (const [name, flag] of Object.entries(flags)) {
      command.addOption(optionOf(name, flag));
      if (flag.negated !== undefined) command.option(flag.flags.replace("--", "--no-"), flag.negated);
    }
    if ("rank" in flags) addAdapterOptions(command);
  }
  return command.addHelpText("after", HELP);
}

/** Adds the options of some settings, such as those that say how data are read. */
export function addSettingOptions(command: Command, names: readonly SettingName[]): Command {
  for (const flags of Object.values(flagGroups) as FlagGroup[])
    for (const [name, flag] of Object.entries(flags))
      if ((names as readonly string[]).includes(name)) command.addOption(optionOf(name, flag));
  return command;
}

function optionOf(name: string, { flags, help, parse, choices, conflicts = [] }: SettingFlag): Option {
  const option = new Option(flags, help);
  if (parse !== undefined) option.argParser(parse);
  if (choices !== undefined) option.choices(choices);
  const excluded = name === "headOnly" ? [...adapterOptions, ...adapterSettingNames] : conflicts;
  return excluded.length > 0 ? option.conflicts([...excluded]) : option;
}

const { rank, alpha, batchSize, learningRate } = defaultsOf(languageFields);

const { learningRate: preferenceRate } = defaultsOf(preferenceFields);

const HELP = `
With --task tokens: names, places, parts of speech. Options are as without --task; --fields names columns and fields. Data formats:
  CoNLL        one word and its tag per line, in the first and last column (--fields tokens=1,tags=3: other columns, from 0), a blank line
               after each sentence; files with any other extension
  .jsonl .json { tokens, tags } or { text, spans } of { start, end, label }, counted in UTF-16 units as JavaScript does
  .csv .parquet  one word per row: columns sentence, tokens, tags
The metric is entity F1, as in seqeval, compared with a head-only baseline on the frozen encoder's vectors.

With --task text or chat: rank ${rank}, alpha ${alpha} on all linear layers, ${formatLength({ steps: null, epochs: null }, languagePlan.length)}, batches of ${batchSize}, learning rate ${learningRate}; a
tenth of the data is held out; its perplexity chooses the step to keep. Rows of the data:
  --task text   { text }, { prompt, completion }, { instruction, input, output } or { ids, mask }
  --task chat   { messages }, { conversations } or { instruction, input, output }, written by the model's chat template

With --task preferences: learning rate ${preferenceRate}, else as text and chat; the step with the highest reward accuracy is kept. Rows of the data:
  { prompt, chosen, rejected } or { chosen, rejected }, texts or lists of messages; with --loss kto also { prompt, completion, label }
`;

/** Options of a spec, and options of `finetune` that do not change its result. */
export interface FinetuneOptions extends SettingsOptions {
  readonly out?: string;
  readonly resume?: string;
  readonly samples: number;
  readonly json: boolean;
  readonly quiet: boolean;
}

/** Adds the options of a run in a folder of this machine: those of its spec, and options that do not change its result. */
export function addFinetuneOptions(command: Command): Command {
  addSpecOptions(command);
  command.optionsGroup("The run:");
  return command
    .option("--out <folder>", "folder of the run (default: runs/<date and time>)")
    .addOption(
      new Option(
        "--resume <folder>",
        "continue an unfinished run from its checkpoint, or from the beginning if it has none",
      ).conflicts("out"),
    )
    .addOption(
      new Option(
        "--folds <n>",
        "cross-validation: n runs, each tested on its own part of the data; keeps no classifier",
      )
        .argParser(whole(2))
        .conflicts(["resume", "validation", "test", "testSplit"]),
    )
    .option("--samples <n>", "test predictions to show", whole(0), 6)
    .option("--revectorize", REVECTORIZE_HELP)
    .option("--json", "print the result as JSON; everything else goes to the error stream", false)
    .option("--quiet", "print only the run's folder", false);
}
