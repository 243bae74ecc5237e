import { type Command, Option } from "commander";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "../../errors/errors.js";
import { REVECTORIZE_HELP } from "../engine-start.js";
import {
  classWeights,
  labelNames,
  real,
  targetModules,
  threadCount,
  whole,
  wholeOrNone,
  words,
} from "./option-values.js";
import type { JobSettings } from "../../jobs/spec/any-settings.js";
import { DEFAULT_MODEL, specDefaults, specFields } from "../../jobs/spec/job-spec.js";
import { DEFAULT_LANGUAGE_MODEL, languageFields } from "../../jobs/spec/language-settings.js";
import { tokenFields } from "../../jobs/spec/token-settings.js";
import { heldOut } from "../../jobs/spec/recipes.js";
import {
  builds,
  formatLength,
  nearPlaces,
  recipeNames,
  schedules,
  type TrainingSettings,
} from "../../jobs/spec/training-settings.js";
import { allowable } from "../../jobs/data/data-check.js";
import { type AdapterOptions, adapterOptions, adapterSettings, addAdapterOptions } from "./adapter-settings.js";
import { packageRoot } from "../package-root.js";
import { flagOf } from "./job-words.js";
import { addLanguageOptions, refuseLanguageOptions, type LanguageOnlyOptions } from "./language-options.js";

/** Options that say what a run is to be. */
export interface SettingsOptions
  extends Omit<Partial<TrainingSettings>, "checkpointing">, AdapterOptions, LanguageOnlyOptions {
  readonly checkpointing?: boolean;
  readonly folds?: number;
}

/** Those, and options of `finetune` that do not change its result. */
export interface FinetuneOptions extends SettingsOptions {
  readonly out?: string;
  readonly resume?: string;
  readonly samples: number;
  readonly json: boolean;
  readonly quiet: boolean;
}

type Setting = keyof TrainingSettings;

/** Options that say nothing where there is no adapter. */
export const ADAPTER_OPTIONS: string[] = [
  ...adapterOptions,
  ...([
    "steps",
    "epochs",
    "batchSize",
    "accumulate",
    "checkpointing",
    "learningRate",
    "headLearningRate",
    "loraPlusRatio",
    "warmup",
    "schedule",
    "evaluateEvery",
    "patience",
  ] as const),
  ...(["weightDecay", "maxGradNorm", "rank", "alpha", "targetModules", "rslora", "dora", "dropout"] as const),
];

/** Adds the options of a spec. They carry no defaults, so that it is known which were given. */
export function addSpecOptions(command: Command): Command {
  const defaults = specDefaults("default");
  const { validation, test } = heldOut;
  const positive = real(0);
  const fromZero = real(0, { closed: true });
  const share = real(0, { closed: true, below: 1 });
  command.optionsGroup("What to train on:");
  command
    .option(
      "--model <name>",
      `a folder, or a name on the Hugging Face hub (default: ${DEFAULT_MODEL}; with --task also a .gguf file, ${DEFAULT_LANGUAGE_MODEL})`,
    )
    .option("--data <file>", "examples: CSV, TSV, JSONL, JSON or Parquet (default: the movie reviews of examples/)")
    .option("--text <column>", `column of the texts: a name, or a number from 0 (default: ${defaults.text})`)
    .option("--label <column>", `column of the labels (default: ${defaults.label})`)
    .option("--label-names <pairs>", 'names for labels of the data, such as "0=bad,1=good"', labelNames)
    .addOption(
      new Option(
        "--validation <file>",
        "examples that choose the step to keep; the result is measured on them where there is no test",
      ).conflicts("validationSplit"),
    )
    .option(
      "--validation-split <share>",
      `share of the data held out for that instead (default: ${validation.share}, about ${validation.most} examples at most)`,
      share,
    )
    .addOption(new Option("--test <file>", "examples that are measured once, at the end").conflicts("testSplit"))
    .option(
      "--test-split <share>",
      `share of the data to test on instead (default: ${test.share}, about ${test.most} examples at most, where neither --test nor ` +
        "--validation names a file; 0: none, the result is measured on the validation)",
      share,
    )
    .option(
      "--group <column>",
      "column of what belongs together (a customer, a thread) and is never on two sides of a split",
    )
    .addOption(
      new Option(
        "--near-duplicates <where>",
        `texts that are nearly the same, such as those that differ by a greeting: on one side of every split, or apart (default: ${defaults.nearDuplicates})`,
      ).choices(nearPlaces),
    )
    .option(
      "--drop-duplicates",
      "leave out texts that repeat an earlier one of their file with the same label, and those to learn from that stand in --test or --validation",
    )
    .option("--max-tokens <n>", "cut texts to this many tokens (default: what the model allows)", whole(2));
  command.optionsGroup("How long and how fast:");
  command
    .addOption(
      new Option(
        "--recipe <name>",
        "what stands for options that are left out, and the first head: one fitted to frozen vectors (default), or random (peft)",
      ).choices(recipeNames),
    )
    .addOption(
      new Option("--head-only", "train no adapter, only the head, fitted to frozen vectors").conflicts(ADAPTER_OPTIONS),
    )
    .addOption(
      new Option("--steps <n>", `optimizer steps (default: by number of examples, ${formatLength(defaults)})`)
        .argParser(whole(1))
        .conflicts("epochs"),
    )
    .option("--epochs <n>", "passes over the data instead of steps", positive)
    .option("--batch-size <n>", `examples a step (default: ${defaults.batchSize})`, whole(1))
    .option("--accumulate <n>", "micro-batches a step is cut into, to use less memory (default: 1)", whole(1))
    .option("--checkpointing", "compute layers again for their gradients: less memory, same result, a third more time")
    .option("--learning-rate <x>", `peak learning rate (default: ${defaults.learningRate})`, positive)
    .option("--head-learning-rate <x>", "that of the head (default: the same)", positive)
    .option("--lora-plus-ratio <x>", "LoRA+: the learning rate of B over that of A (default: the same)", positive)
    .option("--warmup <n>", "steps of linear warm-up (default: a tenth of all)", whole(0))
    .addOption(
      new Option("--schedule <name>", `after the warm-up (default: ${defaults.schedule})`).choices(
        Object.keys(schedules),
      ),
    )
    .option("--weight-decay <x>", `AdamW's (default: ${defaults.weightDecay})`, fromZero)
    .option(
      "--max-grad-norm <x>",
      `limit of the gradients' norm, 0 for none (default: ${defaults.maxGradNorm})`,
      fromZero,
    )
    .option(
      "--evaluate-every <n>",
      "measure the validation every so many steps, and keep the best step (default: a tenth of all)",
      whole(1),
    )
    .option(
      "--patience <n>",
      `stop after so many measurements without a lower loss; none: keep the last step (default: ${defaults.patience})`,
      wholeOrNone,
    )
    .option(
      "--class-weights <weights>",
      '"balanced", or pairs such as "spam=4,ham=1" (default: all the same)',
      classWeights,
    )
    .addOption(new Option("--sampling <name>", "balanced: every label as often in the batches").choices(["balanced"]))
    .option("--seed <n>", `of everything random (default: ${defaults.seed})`, whole(0));
  command.optionsGroup("The adapter:");
  command
    .option("--rank <n>", `(default: ${defaults.rank})`, whole(1))
    .option("--alpha <x>", `the update is scaled by alpha/rank (default: ${defaults.alpha})`, positive)
    .option(
      "--target-modules <names>",
      'names with commas, a regular expression or "all-linear" (default: query, key and value)',
      targetModules,
    )
    .option("--rslora", "scale by alpha/√rank")
    .option("--dora", "learn magnitudes too (DoRA)")
    .option("--dropout <p>", "on the adapter's input (default: 0)", real(0, { closed: true, below: 1 }));
  addAdapterOptions(command);
  command.optionsGroup("The run:");
  return command
    .option("--no-baseline", "do not fit the head alone for comparison, where training does not start from it")
    .option("--allow <codes>", `go on with what was found in the data: ${allowable.join(", ")}`, words(allowable))
    .addOption(new Option("--build <name>", "kernels (default: auto)").choices(builds))
    .option("--threads <n>", 'or "auto" (default: auto)', threadCount);
}

/** Adds the options of a run in a folder of this machine: those of its spec, and what does not change its result. */
export function addFinetuneOptions(command: Command): Command {
  addSpecOptions(command);
  addLanguageOptions(command);
  command.optionsGroup("The run:");
  return command
    .option("--out <folder>", "where the run is written (default: runs/<date and time>)")
    .addOption(
      new Option(
        "--resume <folder>",
        "go on with an unfinished run: from its checkpoint, else from its beginning",
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
    .option("--quiet", "print only where the run is", false);
}

/** What describes a set of examples. */
type DataSettings = Pick<TrainingSettings, "data" | "test" | "text" | "label" | "labelNames">;

/** The movie reviews that come with the package. Throws `ConfigError` where they are not there. */
export function exampleData(): DataSettings {
  const folder = join(packageRoot(), "examples/movie");
  const [data, test] = [join(folder, "movie_train.tsv"), join(folder, "movie_test.tsv")];
  if (!existsSync(data) || !existsSync(test)) {
    throw new ConfigError(`the example data are not in ${folder}: name your own with --data FILE`, { folder });
  }
  // No header: label, rating, text.
  return { data, test, text: "2", label: "0", labelNames: { 0: "negative", 1: "positive" } };
}

/** The settings that the given options and the defaults make. `bundled` are the data where none are named. */
export function resolveSettings(
  given: Partial<TrainingSettings> & AdapterOptions & LanguageOnlyOptions,
  bundled: () => DataSettings,
): TrainingSettings {
  refuseLanguageOptions(given);
  const chosen = onlySettings(given);
  if (chosen.epochs !== undefined) chosen.steps = null;
  const { data } = chosen;
  for (const name of ["validation", "test"] as const) {
    const value = chosen[name];
    if (data !== undefined || value === undefined) continue;
    const use = name === "test" ? "to test on" : "to hold out";
    const message = `--${name} names examples ${use}, but --data, the ones to learn from, is missing`;
    throw new ConfigError(message, { option: `--${name}`, value });
  }
  const defaults = specDefaults(chosen.recipe ?? "default");
  if (data !== undefined) return { ...defaults, validation: null, ...chosen, data };
  const { test, ...examples } = bundled();
  // What PEFT's examples do: nothing is held out to choose a step by, so that all is learnt from.
  const whole = chosen.recipe === "peft" && chosen.validationSplit === undefined && chosen.testSplit === undefined;
  const parts = whole ? { validation: test } : { validation: null, ...(chosen.testSplit === undefined && { test }) };
  return { ...defaults, ...examples, ...parts, ...chosen };
}

/** Throws `ConfigError` where an option given beside --resume is not what the run began with. */
export function checkAgainst(given: FinetuneOptions, began: JobSettings): void {
  for (const [name, value] of Object.entries(
    settingsGiven(given, [...specFields, ...tokenFields, ...languageFields]),
  )) {
    const before = (began as unknown as Readonly<Record<string, unknown>>)[name];
    // The flag's absence is its default, which says nothing.
    if (name === "baseline" && value === true) continue;
    if (JSON.stringify(value) === JSON.stringify(before)) continue;
    throw new ConfigError(
      `--resume goes on with the settings that the run began with: ${flagOf(name as Setting)} ${String(value)} is given, it began with ${String(before)}; leave it out`,
      { name, given: value, began: before },
    );
  }
}

type GivenOptions = Omit<Partial<TrainingSettings>, "checkpointing"> & AdapterOptions;

const onlySettings = (given: GivenOptions): { -readonly [name in Setting]?: TrainingSettings[name] } =>
  settingsGiven(given, specFields);

/** Those of the given options that are settings of such names. */
export function settingsGiven(given: GivenOptions, fields: readonly string[]): Record<string, unknown> {
  const names = new Set<string>(fields);
  const own = Object.fromEntries(Object.entries(given).filter(([name]) => names.has(name)));
  const settings: Record<string, unknown> = { ...adapterSettings(given), ...own };
  if (settings["patience"] === "none") settings["patience"] = null;
  // On the command line, a limit of 0 is none.
  return settings["maxGradNorm"] === 0 ? { ...settings, maxGradNorm: null } : settings;
}
