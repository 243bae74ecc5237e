import type { FurtherLora } from "./further-lora.js";
import type { InitOptions } from "../../engine/options.js";
import type { LoraOptions } from "../../adapters/lora-options.js";
import { constantSchedule, cosineSchedule, linearSchedule, type Schedule } from "../../optim/schedules.js";
import type { ClassWeights } from "../../tasks/class-weights.js";
import type { LessonOptions } from "../../tasks/classifier-training.js";
import { LEAST_STEPS, MOST_STEPS, STEP_PASSES } from "./recipes.js";

/** Builds of the kernels that a run can ask for. */
export const builds = ["auto", "simd", "relaxed"] as const;

/** Where texts that are nearly the same may stand in a split. */
export const nearPlaces = ["together", "apart"] as const;

/** Recipes by the name that `--recipe` takes. */
export const recipeNames = ["default", "peft"] as const;

/** Schedules by the name that `--schedule` takes. */
export const schedules = { cosine: cosineSchedule, linear: linearSchedule, constant: constantSchedule } as const;

/** Everything that a run's result depends on, apart from the files it names. */
export interface TrainingSettings {
  /** A folder, an address or a name, as the runtime finds models. */
  readonly model: string;
  /** Examples to learn from: CSV, TSV, JSONL, JSON or Parquet, by a path or an address, as the runtime finds files. */
  readonly data: string;
  /** Examples held out from training, by which the step to keep is chosen; null for a share of `data`. */
  readonly validation: string | null;
  /**
   * Share of the data kept for validation, where there is no validation file; nothing where there is a test and no step is chosen.
   * Null for a fifth, of a large file about 400 examples; where that is fewer than 20 beside a test, for none, and the last step is kept.
   */
  readonly validationSplit: number | null;
  /** Examples that are measured once, at the end; null for `testSplit`. Without either, the result is measured on the validation. */
  readonly test: string | null;
  /**
   * Share of the data kept for the test, where there is no test file; 0 for none. Null for a fifth, of a large file about 1,000
   * examples, where no validation file is named either, else for none.
   */
  readonly testSplit: number | null;
  /** Column of the texts: a name, or a number from 0. */
  readonly text: string;
  /** Column of the labels, as `text`. */
  readonly label: string;
  /** Names of labels that stand otherwise in the data. */
  readonly labelNames: Readonly<Record<string, string>>;
  /**
   * Column of what belongs together (a customer, a thread), as `text`: texts with the same value are on one side of every split. A
   * text without one belongs to no other. Null for none.
   */
  readonly group: string | null;
  /**
   * Where texts that are nearly the same stand, such as those that differ by a greeting: "together" on one side of every split, as far as
   * each label then keeps examples on both sides; "apart": on either side, as equal ones never are. Missing in runs of before: "apart".
   */
  readonly nearDuplicates: (typeof nearPlaces)[number];
  /** Leave out texts that repeat an earlier one of their file with the same label, apart from case and white space. */
  readonly dropDuplicates: boolean;
  /**
   * What stands for settings that are left out, and where training starts: "default", from the head that is fitted to frozen
   * vectors; "peft", from a head of small random numbers, as PEFT's examples do.
   */
  readonly recipe: (typeof recipeNames)[number];
  /** Train no adapter: only the head, fitted to frozen vectors. Settings of optimizer and adapter then say nothing. */
  readonly headOnly: boolean;
  /** Optimizer steps; null where `epochs` says how many. Both null: by the number of examples, five passes, 150 to 400 steps. */
  readonly steps: number | null;
  /** Passes over the examples; null where `steps` is given, or neither is. */
  readonly epochs: number | null;
  /** Examples a step. */
  readonly batchSize: number;
  /** Peak learning rate. */
  readonly learningRate: number;
  /** Peak learning rate of the head, which follows the same schedule; null for that of the adapter. */
  readonly headLearningRate: number | null;
  /** LoRA+: the learning rate of B over that of A, as `fit`'s `loraPlusRatio`; null for one rate. */
  readonly loraPlusRatio: number | null;
  /** Steps; null for a tenth of all. */
  readonly warmup: number | null;
  /** What the learning rate does after the warm-up. */
  readonly schedule: keyof typeof schedules;
  /** AdamW's decoupled weight decay. */
  readonly weightDecay: number;
  /** Limit of the gradients' common norm; null for none. */
  readonly maxGradNorm: number | null;
  /**
   * Steps between two measurements of the loss on the validation; the step with the lowest is kept. Null: with `patience` a tenth
   * of all steps lies between two, else the last step is kept.
   */
  readonly evaluateEvery: number | null;
  /** Measurements in a row without a lower loss after which training stops; null for never, and without `evaluateEvery` for none. */
  readonly patience: number | null;
  /** How much each label counts in the loss: "balanced", or numbers above 0 by label; null for all the same. */
  readonly classWeights: ClassWeights | null;
  /** "balanced": each label stands in the batches as often as any other; null for each example as often as any other. */
  readonly sampling: "balanced" | null;
  /** Micro-batches a step is cut into, for less memory. */
  readonly accumulate: number;
  /** Compute each layer again for its gradient, for less memory and the same result in about a third more time. */
  readonly checkpointing: boolean;
  /** Rank of the adapter. */
  readonly rank: number;
  /** The update is scaled by alpha/rank. */
  readonly alpha: number;
  /** Names of modules, a regular expression for whole paths, or "all-linear"; null for what the model calls query, key and value. */
  readonly targetModules: readonly string[] | string | null;
  /** Scale by alpha/√rank instead. */
  readonly rslora: boolean;
  /** Learn magnitudes too (DoRA). */
  readonly dora: boolean;
  /** Dropout on the adapter's input, 0 to below 1. */
  readonly dropout: number;
  /** Further options of the adapter as `addAdapter` takes them, such as `bias` and `initLoraWeights`; null for none. */
  readonly lora: FurtherLora | null;
  /** Of everything random: the split, the batches' order, initial values, dropout. */
  readonly seed: number;
  /** Tokens that texts are cut to; null for what the model allows. */
  readonly maxTokens: number | null;
  /** Build of the kernels. */
  readonly build: (typeof builds)[number];
  /** Threads, or one a core. */
  readonly threads: NonNullable<InitOptions["threads"]>;
  /** Whether the head alone is fitted for comparison where training does not start from it. */
  readonly baseline: boolean;
  /**
   * Codes of what is found in the data that the run is to go on with: "id-labels", "number-texts", "same-file", "test-in-training"; with
   * "empty-texts" and "empty-labels" examples without one are left out.
   */
  readonly allow: readonly string[];
}

/** What settings of every task have. */
export type SharedSettings = Pick<
  TrainingSettings,
  | ("model" | "data" | "validation" | "validationSplit" | "maxTokens" | "seed" | "build" | "threads")
  | ("steps" | "epochs" | "batchSize" | "accumulate" | "evaluateEvery" | "patience")
  | ("learningRate" | "loraPlusRatio" | "warmup" | "schedule" | "weightDecay" | "maxGradNorm")
  | ("rank" | "alpha" | "targetModules" | "rslora" | "dora" | "dropout" | "lora")
>;

/** What settings of classifiers have, of texts and of tokens, that says how they are trained. */
export type ClassifierSettings = SharedSettings &
  Pick<
    TrainingSettings,
    "recipe" | "headOnly" | "headLearningRate" | "classWeights" | "checkpointing" | "baseline" | "test" | "testSplit"
  >;

/** Optimizer steps of a run that learns from so many examples; none where only the head is fitted. */
export function stepsOf({ steps, epochs, batchSize, headOnly }: ClassifierSettings, examples: number): number {
  if (headOnly) return 0;
  if (steps !== null) return steps;
  if (epochs !== null) return Math.max(1, Math.round(epochs * Math.floor(examples / Math.min(batchSize, examples))));
  return Math.min(Math.max(Math.round((STEP_PASSES * examples) / batchSize), LEAST_STEPS), MOST_STEPS);
}

/** How long training lasts, in words. */
export function formatLength({ steps, epochs }: Pick<TrainingSettings, "steps" | "epochs">): string {
  if (steps !== null) return `${steps.toLocaleString("en-US")} steps`;
  return epochs !== null ? `${epochs} epochs` : `${STEP_PASSES} passes, ${LEAST_STEPS} to ${MOST_STEPS} steps`;
}

/** Steps of warm-up. */
export function warmupOf({ warmup }: Pick<TrainingSettings, "warmup">, steps: number): number {
  return warmup ?? Math.round(steps / 10);
}

/** Whether the step to keep is to be chosen by a validation. */
export function choosesStep({ evaluateEvery, patience, headOnly }: ClassifierSettings): boolean {
  return !headOnly && (evaluateEvery !== null || patience !== null);
}

/** Steps between two measurements on `held` examples; null where nothing is chosen by them. */
export function evaluateEveryOf(settings: ClassifierSettings, steps: number, held: number): number | null {
  if (held === 0 || !choosesStep(settings)) return null;
  return settings.evaluateEvery ?? Math.max(1, Math.round(steps / 10));
}

/** Learning rate by step. Throws `ConfigError` where the warm-up is longer than the run. */
export function scheduleOf(settings: SharedSettings, total: number): Schedule {
  return schedules[settings.schedule]({ peak: settings.learningRate, warmup: warmupOf(settings, total), total });
}

/** The settings as `fit` takes them, but for how examples are drawn. */
export function fitOptions(settings: ClassifierSettings, steps: number): LessonOptions {
  const { classWeights } = settings;
  const {
    headLearningRate,
    loraPlusRatio,
    batchSize,
    learningRate,
    weightDecay,
    maxGradNorm,
    accumulate,
    checkpointing,
    seed,
  } = settings;
  const schedule = scheduleOf(settings, steps);
  return {
    ...{ steps, batchSize, learningRate, schedule, weightDecay, maxGradNorm, accumulate, checkpointing, seed },
    ...(headLearningRate !== null && { headLearningRate }),
    ...(loraPlusRatio !== null && { loraPlusRatio }),
    ...(classWeights !== null && { classWeights }),
  };
}

/** The settings as a new adapter takes them; null where there is to be none. */
export function loraOptions(settings: SharedSettings & { readonly headOnly?: boolean }): LoraOptions | null {
  const { headOnly = false, rank, alpha, targetModules, rslora, dora, dropout, lora } = settings;
  if (headOnly) return null;
  return { rank, alpha, ...(targetModules === null ? {} : { targetModules }), rslora, dora, dropout, ...lora };
}

/** Target modules as `--target-modules` takes them; where none were given, in words. */
export function formatTargets(targetModules: TrainingSettings["targetModules"]): string {
  if (targetModules === null) return "query, key, value";
  return typeof targetModules === "string" ? targetModules : targetModules.join(", ");
}
