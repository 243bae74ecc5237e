import { weightsOptions } from "../../models/stored-weights.js";
import { allowable, classifierPlan, nearPlaces, textFields } from "../../tasks/classify/settings.js";
import { fieldsOfTasks, type JobSettings } from "../../tasks/index.js";
import { DEFAULT_LANGUAGE_MODEL } from "../../tasks/language/settings.js";
import { defaultsOf, recipeNames } from "../../training/spec/field.js";
import type { OptionNames } from "../../training/spec/option-names.js";
import { FINAL_FIT_ROWS, formatLength } from "../../training/spec/run-settings.js";
import { builds, DEFAULT_MODEL, devices, schedules } from "../../training/spec/shared-fields.js";
import * as values from "./option-values.js";

/** Names of the settings of all tasks. */
type NamesOf<S> = S extends unknown ? keyof S : never;
export type SettingName = NamesOf<JobSettings>;

/** A setting as an option of the command line. */
export interface SettingFlag {
  /** The flag with its value, as commander reads it. */
  readonly flags: string;
  /** Help as a second option, "--no-…", which sets it to false; without it there is none. */
  readonly negated?: string;
  readonly help: string;
  readonly parse?: (text: string) => unknown;
  readonly choices?: readonly string[];
  readonly conflicts?: readonly SettingName[];
}

/** Options of one heading of the help, by the setting that they give. */
export type FlagGroup = Readonly<Partial<Record<SettingName, SettingFlag>>>;

const defaults = defaultsOf(textFields);
const { validation, test } = classifierPlan.heldOut;
const positive = values.real(0);
const fromZero = values.real(0, { closed: true });
const share = values.real(0, { closed: true, below: 1 });

const examples = {
  model: {
    flags: "--model <name>",
    help: `base model: a folder, or a name on the Hugging Face hub (default: ${DEFAULT_MODEL}; a language model may be a .gguf file, default: ${DEFAULT_LANGUAGE_MODEL})`,
  },
  data: {
    flags: "--data <file>",
    help: "examples: CSV, TSV, JSONL, JSON or Parquet (default: the movie reviews of examples/)",
  },
  text: {
    flags: "--text <column>",
    help: `column of the texts: a name, or a number from 0 (default: ${defaults.text})`,
  },
  label: { flags: "--label <column>", help: `column of the labels, or of the numbers (default: ${defaults.label})` },
  labelNames: {
    flags: "--label-names <pairs>",
    help: 'renames labels of the data, such as "0=bad,1=good"',
    parse: values.labelNames,
  },
  validation: {
    flags: "--validation <file>",
    help: "examples that choose the step to keep; the result is measured on them if there is no test",
    conflicts: ["validationSplit"],
  },
  validationSplit: {
    flags: "--validation-split <share>",
    help: `share of the data held out for validation (default: ${validation.share}, at most about ${validation.most} examples)`,
    parse: share,
  },
  test: {
    flags: "--test <file>",
    help: "test examples, measured once, at the end",
    conflicts: ["testSplit"],
  },
  testSplit: {
    flags: "--test-split <share>",
    help:
      `share of the data held out for testing (default: ${test.share}, at most about ${test.most} examples, if neither --test nor ` +
      "--validation names a file; 0: no test, the result is measured on the validation)",
    parse: share,
  },
  group: {
    flags: "--group <column>",
    help: "column of groups (a customer, a thread); a group is always on one side of a split",
  },
  nearDuplicates: {
    flags: "--near-duplicates <where>",
    help: `near duplicates, such as texts that differ by a greeting: together on one side of every split, or apart (default: ${defaults.nearDuplicates})`,
    choices: nearPlaces,
  },
  dropDuplicates: {
    flags: "--drop-duplicates",
    help: "remove duplicates (same text and label), and training texts that also appear in --test or --validation",
  },
  maxTokens: {
    flags: "--max-tokens <n>",
    help: "truncate texts to this many tokens (default: the model's maximum)",
    parse: values.whole(2),
  },
} satisfies FlagGroup;

const training = {
  recipe: {
    flags: "--recipe <name>",
    help: "defaults of omitted options, and how to train: from a head fitted to frozen vectors (default), from a random head (peft), or on pairs of texts before the head is fitted (few-shot)",
    choices: recipeNames,
  },
  headOnly: { flags: "--head-only", help: "train no adapter, only the head, fitted to frozen vectors" },
  steps: {
    flags: "--steps <n>",
    help: `optimizer steps (default: by number of examples, ${formatLength(defaults, classifierPlan.length)})`,
    parse: values.whole(1),
    conflicts: ["epochs"],
  },
  epochs: { flags: "--epochs <n>", help: "passes over the data instead of steps", parse: positive },
  batchSize: {
    flags: "--batch-size <n>",
    help: `examples per step (default: ${defaults.batchSize})`,
    parse: values.whole(1),
  },
  accumulate: {
    flags: "--accumulate <n>",
    help: "micro-batches per step, to use less memory (default: 1)",
    parse: values.whole(1),
  },
  checkpointing: {
    flags: "--checkpointing",
    help: "recompute layers for their gradients: less memory, same result, a third more time",
  },
  learningRate: {
    flags: "--learning-rate <x>",
    help: `peak learning rate (default: ${defaults.learningRate})`,
    parse: positive,
  },
  headLearningRate: {
    flags: "--head-learning-rate <x>",
    help: "learning rate of the head (default: the same)",
    parse: positive,
  },
  loraPlusRatio: {
    flags: "--lora-plus-ratio <x>",
    help: "LoRA+: ratio of the learning rate of B to that of A (default: 1)",
    parse: positive,
  },
  warmup: { flags: "--warmup <n>", help: "steps of linear warm-up (default: a tenth of all)", parse: values.whole(0) },
  schedule: {
    flags: "--schedule <name>",
    help: `schedule after the warm-up (default: ${defaults.schedule})`,
    choices: Object.keys(schedules),
  },
  minLearningRateRatio: {
    flags: "--min-learning-rate-ratio <share>",
    help: "learning rate at the end of the schedule, as a share of the peak, 0 to below 1 (default: 0)",
    parse: share,
  },
  weightDecay: {
    flags: "--weight-decay <x>",
    help: `weight decay of AdamW (default: ${defaults.weightDecay})`,
    parse: fromZero,
  },
  maxGradNorm: {
    flags: "--max-grad-norm <x>",
    help: `limit of the gradients' norm, 0 for none (default: ${defaults.maxGradNorm})`,
    parse: fromZero,
  },
  evaluateEvery: {
    flags: "--evaluate-every <n>",
    help: "measure the validation every n steps, and keep the best step (default: a tenth of all)",
    parse: values.whole(1),
  },
  patience: {
    flags: "--patience <n>",
    help: `stop after this many measurements without a lower loss; none: keep the last step (default: ${defaults.patience})`,
    parse: values.wholeOrNone,
  },
  finalFit: {
    flags: "--final-fit",
    help: `once the step is chosen, train the saved classifier on all rows, if the validation was split from them (default: with at most ${FINAL_FIT_ROWS.toLocaleString("en-US")} rows, but not with --recipe peft)`,
    negated: "save the measured classifier, which has not seen the rows of the validation",
  },
  calibrate: {
    flags: "--calibrate",
    help: "divide logits by a temperature with the lowest loss on the validation, so that probabilities can be trusted (default, but not with --recipe peft)",
    negated: "keep the logits as they are",
  },
  abstain: {
    flags: "--abstain <precision>",
    help: 'share of right predictions to reach, such as 0.95: `predict` then says "unsure" below the probability that reaches it on the validation',
    parse: positive,
  },
  classWeights: {
    flags: "--class-weights <weights>",
    help: 'weights in the loss: "balanced", or pairs such as "spam=4,ham=1" (default: equal)',
    parse: values.classWeights,
  },
  sampling: {
    flags: "--sampling <name>",
    help: "balanced: every label equally often in the batches",
    choices: ["balanced"],
  },
  seed: { flags: "--seed <n>", help: `seed of everything random (default: ${defaults.seed})`, parse: values.whole(0) },
} satisfies FlagGroup;

const adapter = {
  rank: { flags: "--rank <n>", help: `rank of the adapter (default: ${defaults.rank})`, parse: values.whole(1) },
  alpha: {
    flags: "--alpha <x>",
    help: `the update is multiplied by alpha/rank (default: ${defaults.alpha})`,
    parse: positive,
  },
  targetModules: {
    flags: "--target-modules <names>",
    help: 'modules to adapt: names with commas, a regular expression or "all-linear" (default: query, key and value)',
    parse: values.targetModules,
  },
  rslora: { flags: "--rslora", help: "multiply by alpha/√rank instead" },
  dora: { flags: "--dora", help: "train magnitudes too (DoRA)" },
  dropout: { flags: "--dropout <p>", help: "dropout on the adapter's input (default: 0)", parse: share },
} satisfies FlagGroup;

const run = {
  baseline: {
    flags: "--no-baseline",
    help: "skip the head-only baseline (only with --recipe peft)",
  },
  allow: {
    flags: "--allow <codes>",
    help: `findings in the data to accept: ${allowable.join(", ")}`,
    parse: values.words(allowable),
  },
  build: { flags: "--build <name>", help: "build of the kernels (default: auto)", choices: builds },
  threads: { flags: "--threads <n>", help: 'number of threads, or "auto" (default: auto)', parse: values.threadCount },
  device: {
    flags: "--device <name>",
    help: "where to train: wasm, webgpu (the GPU; install the package webgpu) or auto, the faster of both (default: wasm)",
    choices: devices,
  },
} satisfies FlagGroup;

const furtherTasks = {
  task: {
    flags: "--task <name>",
    help:
      "what to train: label texts (classify, the default; multi-label is short for --multi-label), label words (tokens), predict a number (regress), sentence vectors for search and similarity (pairs), a reranker (rank), or a language model on plain texts (text), on the assistant's messages in conversations " +
      "(chat) or on preferred answers (preferences)",
    choices: Object.keys(fieldsOfTasks),
  },
  fields: {
    flags: "--fields <pairs>",
    help: 'names of fields in the data, such as "prompt=question,completion=answer" or "messages=turns"',
    parse: values.fieldNames,
  },
  weights: {
    flags: "--weights <format>",
    help: "format of the base's weights in memory (default: auto)",
    choices: weightsOptions,
  },
  loss: {
    flags: "--loss <name>",
    help: "for pairs and rank: the loss (default: by the columns, such as multiple-negatives-ranking, cosent, binary-cross-entropy, cross-entropy for classes, margin-mse); for preferences: dpo (default), ipo, orpo, simpo or kto",
  },
  scale: { flags: "--scale <x>", help: "for pairs: factor of similarities in the loss (default: 20)", parse: positive },
  queryPrompt: {
    flags: "--query-prompt <text>",
    help: 'for pairs: text put before every anchor, such as "query: "; it is saved with the adapter',
  },
  documentPrompt: {
    flags: "--document-prompt <text>",
    help: "for pairs: the same before positives and negatives",
  },
  matryoshka: {
    flags: "--matryoshka <lengths>",
    help: 'for pairs: lengths to which vectors can be cut afterwards, such as "384,256,128"',
    parse: values.lengths,
  },
  mineNegatives: {
    flags: "--mine-negatives [options]",
    help: 'for pairs and rank: first find, for each query, texts of other rows that the base model takes for its answers; perhaps with options of mineHardNegatives, such as "numNegatives=5,relativeMargin=0.05"',
    parse: values.miningOptions,
  },
  miniBatch: {
    flags: "--mini-batch <n>",
    help: "for pairs: texts that are encoded at a time, for large batches in little memory",
    parse: values.whole(1),
  },
  multiLabel: { flags: "--multi-label", help: "classify: a text has any number of labels, also none" },
  labelSeparator: {
    flags: "--label-separator <text>",
    help: 'with --multi-label: what separates labels in their column (default: ";" or "|", whichever there is)',
  },
  labelColumns: {
    flags: "--label-columns <names>",
    help: "with --multi-label: columns of 0 and 1, one a label, in place of --label",
    parse: values.columnNames,
  },
  min: { flags: "--min <n>", help: "smallest number that is predicted (default: no limit)", parse: values.anyNumber },
  max: { flags: "--max <n>", help: "largest number that is predicted (default: no limit)", parse: values.anyNumber },
  beta: {
    flags: "--beta <x>",
    help: "preferences: strength of the penalty for deviating from the base, or scale of the rewards (default: 0.1; simpo: 2)",
    parse: positive,
  },
  labelSmoothing: {
    flags: "--label-smoothing <share>",
    help: "classify: share of a label's probability that is spread over all labels in the loss; dpo, simpo: share of pairs assumed to be the wrong way round (default: 0)",
    parse: share,
  },
  simpoGamma: {
    flags: "--simpo-gamma <x>",
    help: "simpo: margin between the rewards (default: 0.5)",
    parse: fromZero,
  },
  desirableWeight: {
    flags: "--desirable-weight <x>",
    help: "kto: weight of answers with label true (default: 1)",
    parse: fromZero,
  },
  undesirableWeight: {
    flags: "--undesirable-weight <x>",
    help: "kto: weight of answers with label false (default: 1)",
    parse: fromZero,
  },
  gguf: { flags: "--gguf", help: "also write the adapter as a GGUF LoRA for llama.cpp" },
} satisfies FlagGroup;

/** All of them, by the headings of the help. */
export const flagGroups = {
  "Model and data:": examples,
  "Training:": training,
  "The adapter:": adapter,
  "The run:": run,
  "Other tasks:": furtherTasks,
} satisfies Readonly<Record<string, FlagGroup>>;

type Groups = typeof flagGroups;
type Flagged = { [Title in keyof Groups]: keyof Groups[Title] }[keyof Groups];

/** A setting without an option does not compile; `lora` has options of its own. */
type Missing = Exclude<SettingName, Flagged | "lora">;
const _complete: [Missing] extends [never] ? true : Missing = true;

/** Settings that have no effect if no adapter is trained. */
export const adapterSettingNames = [
  "steps",
  "epochs",
  "batchSize",
  "accumulate",
  "checkpointing",
  "learningRate",
  "headLearningRate",
  "labelSmoothing",
  "loraPlusRatio",
  "warmup",
  "schedule",
  "minLearningRateRatio",
  "evaluateEvery",
  "patience",
  "weightDecay",
  "maxGradNorm",
  "rank",
  "alpha",
  "targetModules",
  "rslora",
  "dora",
  "dropout",
] satisfies readonly SettingName[];

/** A setting as the option of `finetune`: "maxGradNorm" → "--max-grad-norm". */
export function flagOf(setting: SettingName): string {
  return `--${setting.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** Options of adapters whose flag has another name. */
const flagsOfAdapters: Readonly<Record<string, string>> = { initLoraWeights: "--init", layersToTransform: "--layers" };

/** What a job's messages call things on the command line. */
export const flagNames: OptionNames = {
  setting: (name) => flagsOfAdapters[name] ?? flagOf(name as SettingName),
  resume: "--resume",
};
