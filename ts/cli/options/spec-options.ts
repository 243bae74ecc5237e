import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Command, Option } from "commander";
import { ConfigError } from "../../errors/errors.js";
import { isRemote } from "../../io/node/index.js";
import type { TrainingSettings } from "../../tasks/classify/settings.js";
import { fieldsOfTasks, type JobSettings, type TaskName, tasks } from "../../tasks/index.js";
import { languageFields, languagePlan, type LanguageSettings } from "../../tasks/language/settings.js";
import { preferenceFields } from "../../tasks/preferences/settings.js";
import { defaultsOf, type Fields } from "../../training/spec/field.js";
import { formatLength, MULTI_LABEL_TASK, UNNAMED_TASK } from "../../training/spec/run-settings.js";
import type { TaskTable } from "../../training/task-definition.js";
import { REVECTORIZE_HELP } from "../engine-start.js";
import { packageRoot } from "../installed-package.js";
import { adapterOptions, type AdapterOptions, adapterSettings, addAdapterOptions } from "./adapter-settings.js";
import { whole } from "./option-values.js";
import {
  adapterSettingNames,
  type FlagGroup,
  flagGroups,
  flagOf,
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

/** What describes a set of examples. */
type ExampleData = Pick<TrainingSettings, "data" | "test" | "text" | "label" | "labelNames">;

/** The examples that come with the package, by task. */
const bundled: Readonly<Partial<Record<string, () => ExampleData>>> = { classify: movieReviews };

/** The examples of a task that come with the package. Throws `ConfigError` if there are none. */
export function exampleData(task: string): ExampleData {
  const examples = bundled[task];
  if (examples !== undefined) return examples();
  throw new ConfigError(`--task ${task} needs examples to train on: name them with --data FILE`, { option: "--data" });
}

function movieReviews(): ExampleData {
  const folder = join(packageRoot(), "examples/movie");
  const [data, test] = [join(folder, "movie_train.tsv"), join(folder, "movie_test.tsv")];
  if (!existsSync(data) || !existsSync(test)) {
    throw new ConfigError(`the example data are missing in ${folder}: name your own with --data FILE`, { folder });
  }
  // No header: label, rating, text.
  return { data, test, text: "2", label: "0", labelNames: { 0: "negative", 1: "positive" } };
}

/** Options for settings of any task, as commander returns them. */
export type SettingsOptions = Omit<Partial<TrainingSettings>, "checkpointing"> &
  Partial<Pick<LanguageSettings, "fields" | "weights" | "gguf">> &
  AdapterOptions & {
    readonly task?: string;
    readonly multiLabel?: true;
    readonly checkpointing?: boolean;
    readonly folds?: number;
  };

/**
 * The settings of a new run: those of the options, and defaults. Throws `ConfigError` for options of other tasks.
 * @param bundled the data of a task if none are named; throws where the task has none
 */
export function settingsFrom(options: SettingsOptions, bundled: (task: string) => ExampleData): JobSettings {
  const task = taskOfOptions(options);
  const fields: Fields = fieldsOfTasks[task as TaskName];
  refuseForeign(options, task, fields);
  const chosen = settingsGiven(options, fields);
  const examples = chosen["data"] === undefined ? bundledExamples(chosen, task, bundled) : {};
  const named = task === UNNAMED_TASK ? {} : task === MULTI_LABEL_TASK ? { multiLabel: true } : { task };
  const settings = { ...defaultsOf(fields, options.recipe), ...lengthOf(chosen), ...examples, ...chosen, ...named };
  return settings as unknown as JobSettings;
}

/** The settings of a new run, as `settingsFrom`, with absolute paths. */
export const freshSettings = (...given: Parameters<typeof settingsFrom>): JobSettings =>
  withAbsolutePaths(settingsFrom(...given));

/** The task: "classify" unless another one is named. */
function taskOfOptions({ task, multiLabel }: SettingsOptions): string {
  return multiLabel === true && (task ?? UNNAMED_TASK) === UNNAMED_TASK ? MULTI_LABEL_TASK : (task ?? UNNAMED_TASK);
}

/** A run's length by steps or by epochs: the one that is given replaces the recipe's other one. */
function lengthOf({ steps, epochs }: { readonly steps?: unknown; readonly epochs?: unknown }) {
  if (epochs !== undefined) return { steps: null };
  return steps === undefined ? {} : { epochs: null };
}

/** The data that stand for those that nobody named. Throws `ConfigError` where their validation or test is named. */
function bundledExamples(
  { validation, test, recipe, validationSplit, testSplit }: Partial<TrainingSettings>,
  task: string,
  bundled: (task: string) => ExampleData,
): Partial<TrainingSettings> {
  const { test: bundledTest, ...examples } = bundled(task);
  for (const [name, value] of Object.entries({ validation, test })) {
    if (value === undefined) continue;
    const use = name === "test" ? "for testing" : "for validation";
    const message = `--${name} names examples ${use}, but --data, the training examples, is missing`;
    throw new ConfigError(message, { option: `--${name}`, value });
  }
  // As in PEFT's examples, nothing is held out to choose a step, so all examples are used for training.
  const whole = recipe === "peft" && validationSplit === undefined && testSplit === undefined;
  if (whole) return { ...examples, validation: bundledTest };
  return { ...examples, validation: null, ...(testSplit === undefined && { test: bundledTest }) };
}

/** Throws `ConfigError` for an option that the task does not have. */
function refuseForeign(options: SettingsOptions, task: string, fields: Fields): void {
  const others = Object.values(fieldsOfTasks).flatMap((of) => Object.keys(of)) as SettingName[];
  const isOfTexts = options.task === UNNAMED_TASK || options.task === MULTI_LABEL_TASK;
  // Settings of both kinds of classifiers of texts have no task.
  const given: Readonly<Record<string, unknown>> = { ...options, ...(isOfTexts && { task: undefined }) };
  // Without the flag --no-baseline the default applies.
  const foreign = others.find(
    (name) => !(name in fields) && given[name] !== undefined && !(name === "baseline" && given[name] === true),
  );
  if (foreign === undefined) return;
  const option = typed(foreign, given[foreign]);
  throw new ConfigError(`${option} is not an option of --task ${task}${hintFor(foreign, task)}`, { option });
}

function hintFor(name: SettingName, task: string): string {
  if (name === "labelColumns" && task === UNNAMED_TASK) return ": it needs --multi-label";
  if (task === UNNAMED_TASK) return `, the default: say which task with --task ${tasksWith(name).join(" or --task ")}`;
  if (name === "test" || name === "testSplit") return "; use --validation";
  const { fieldsExample } = (tasks as TaskTable)[task]!;
  return fieldsExample !== undefined && (name === "label" || name === "text")
    ? `; --fields names columns, such as ${fieldsExample}`
    : "";
}

/** An option as typed; a negated flag has another name. */
const typed = (name: SettingName, value: unknown) =>
  value === false && (name === "baseline" || name === "finalFit" || name === "calibrate")
    ? flagOf(name).replace("--", "--no-")
    : flagOf(name);

/** A setting's value for a message. */
function shown(name: string, value: unknown): string {
  if (name === "task" && value === undefined) return "a classifier of texts";
  if (value === undefined || value === null || value === false) return "none";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

const tasksWith = (name: SettingName) =>
  Object.entries(fieldsOfTasks).flatMap(([task, fields]) => (name in fields ? [task] : []));

/** Throws `ConfigError` if an option beside --resume differs from the run's setting. */
export function checkAgainst(given: SettingsOptions, began: JobSettings): void {
  const all = Object.assign({}, ...Object.values(fieldsOfTasks)) as Fields;
  for (const [name, value] of Object.entries(settingsGiven(given, all))) {
    const before = (began as unknown as Readonly<Record<string, unknown>>)[name];
    // The flag's absence is its default.
    if (name === "baseline" && value === true) continue;
    // A run may be resumed on another device.
    if (name === "device") continue;
    if (JSON.stringify(value) === JSON.stringify(before)) continue;
    const option = typed(name as SettingName, value);
    const came = typeof value === "boolean" ? option : `${option} ${shown(name, value)}`;
    const had = before === true ? "one" : shown(name, before);
    throw new ConfigError(
      `--resume continues with the run's own settings: got ${came}, the run has ${had}; omit the option`,
      { name, given: value, began: before },
    );
  }
}

/** The options that are settings with these names. */
function settingsGiven(given: SettingsOptions, fields: Fields): Record<string, unknown> {
  const own = Object.entries({ ...adapterSettings(given), ...given }).filter(([name]) => name in fields);
  const settings: Record<string, unknown> = Object.fromEntries(own);
  if (settings["patience"] === "none") settings["patience"] = null;
  if (settings["mineNegatives"] === true) settings["mineNegatives"] = {};
  // Settings of both kinds of classifiers of texts have no task.
  if (settings["task"] === UNNAMED_TASK || settings["task"] === MULTI_LABEL_TASK) delete settings["task"];
  // On the command line, a limit of 0 is none.
  return settings["maxGradNorm"] === 0 ? { ...settings, maxGradNorm: null } : settings;
}

/** Settings with absolute paths, which stay valid in another working folder. */
export function withAbsolutePaths<
  T extends { data?: string; validation?: string | null; test?: string | null; model?: string },
>(paths: T): T {
  const absolute: { data?: string; validation?: string; test?: string; model?: string } = {};
  if (paths.data !== undefined) absolute.data = absolutePath(paths.data);
  if (typeof paths.validation === "string") absolute.validation = absolutePath(paths.validation);
  if (typeof paths.test === "string") absolute.test = absolutePath(paths.test);
  if (paths.model !== undefined && existsSync(paths.model)) absolute.model = resolve(paths.model);
  return { ...paths, ...absolute };
}

/** An address of https or s3 as it is, or a path that leads there from another folder too. */
export const absolutePath = (place: string): string => (isRemote(place) ? place : resolve(place));
