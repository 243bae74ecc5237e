import { type Command, Option } from "commander";
import { defaultsOf } from "../../training/spec/field.js";
import { languageFields, languagePlan } from "../../tasks/language/settings.js";
import { preferenceFields } from "../../tasks/preferences/settings.js";
import { formatLength } from "../../training/spec/run-settings.js";
import { adapterOptions, addAdapterOptions } from "./adapter-settings.js";
import {
  adapterSettingNames,
  flagGroups,
  type FlagGroup,
  type SettingFlag,
  type SettingName,
} from "./setting-flags.js";

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
