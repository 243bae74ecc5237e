import { type LoraOptions, resolveLoraOptions } from "../../adapters/lora-options.js";
import { checkOptions } from "../../arguments/options.js";
import { flag, fraction, isRecord, nonNegative, positive, unexpected } from "../../arguments/settings.js";
import { constantSchedule, cosineSchedule, linearSchedule, type Schedule } from "../../optim/schedules.js";
import {
  among,
  field,
  fieldByRecipe,
  moduleNames,
  orNull,
  requiredField,
  text,
  type ValuesOf,
  wholeFrom,
  wordOr,
} from "./field.js";

/** Builds of the kernels that a run can use. */
export const builds = ["auto", "simd", "relaxed"] as const;

/** Devices that a run can use, by the names that `createEngine` has for them. */
export const devices = ["wasm", "webgpu", "auto"] as const;

/** Schedules by the name that `--schedule` accepts. */
export const schedules = { cosine: cosineSchedule, linear: linearSchedule, constant: constantSchedule } as const;

/** Encoder that is used if a spec names no model. */
export const DEFAULT_MODEL = "all-MiniLM-L6-v2";

const scheduleNames = Object.keys(schedules) as (keyof typeof schedules)[];

/** Settings of every task. */
export const sharedFields = {
  /** A folder, an address or a name, as the runtime finds models. */
  model: field(text, DEFAULT_MODEL),
  /** Examples to train on: CSV, TSV, JSONL, JSON or Parquet, by a path or an address, as the runtime finds files. */
  data: requiredField(text),
  /** Examples held out from training, which choose the step to keep; null for a share of `data`. */
  validation: field(orNull(text), null),
  /**
   * Share of the data held out for validation if there is no validation file. Null: a fifth, of a large file about 400 examples. If that is
   * fewer than 20 beside a test, there is no validation and the last step is kept. A language model: a tenth, at most about 200 examples.
   */
  validationSplit: fieldByRecipe(orNull<number>(fraction), { default: null, peft: 0.2, "few-shot": 0 }),
  /** Optimizer steps. Both this and `epochs` null: by the number of examples, five passes, 150 to 400 steps. */
  steps: fieldByRecipe(orNull(wholeFrom(1)), { default: null, peft: 300 }),
  /** Passes over the examples; null if `steps` is given, or neither is. */
  epochs: fieldByRecipe(orNull<number>(positive), { default: null, "few-shot": 20 }),
  /** Examples per step. */
  batchSize: field(wholeFrom(1), 16),
  /** Micro-batches per step, to use less memory. */
  accumulate: field(wholeFrom(1), 1),
  /** Peak learning rate. */
  learningRate: fieldByRecipe<number>(positive, { default: 1e-3, "few-shot": 3e-3 }),
  /** LoRA+: ratio of the learning rate of B to that of A, as `loraPlusRatio` of `fit`; null for one rate. */
  loraPlusRatio: field(orNull<number>(positive), null),
  /** Steps of linear warm-up; null for a tenth of all steps. */
  warmup: field(orNull(wholeFrom(0)), null),
  /** Schedule of the learning rate after the warm-up. */
  schedule: field(among(scheduleNames), "cosine"),
  /** Learning rate at the end of the schedule, as a share of the peak (transformers' `min_lr_rate`), 0 to below 1. */
  minLearningRateRatio: field<number>(fraction, 0),
  /** AdamW's decoupled weight decay. */
  weightDecay: field(nonNegative, 0.01),
  /** Limit of the gradients' global norm; null for none. */
  maxGradNorm: field(orNull<number>(positive), 1),
  /**
   * Steps between two measurements of the loss on the validation; the step with the lowest is kept. Null: a tenth of all steps with
   * `patience`; otherwise the last step is kept.
   */
  evaluateEvery: field(orNull(wholeFrom(1)), null),
  /** Measurements in a row without a lower loss after which training stops; null for never, and without `evaluateEvery` for none. */
  patience: fieldByRecipe(orNull(wholeFrom(1)), { default: 3, peft: null, "few-shot": null }),
  /** Rank of the adapter. */
  rank: field(wholeFrom(1), 8),
  /** The update is multiplied by alpha/rank. */
  alpha: field<number>(positive, 16),
  /** Names of modules, a regular expression for whole paths, or "all-linear"; null for the model's query, key and value. */
  targetModules: field(orNull(moduleNames), null),
  /** Multiply by alpha/√rank instead. */
  rslora: field<boolean>(flag, false),
  /** Train magnitudes too (DoRA). */
  dora: field<boolean>(flag, false),
  /** Dropout on the adapter's input, 0 to below 1. */
  dropout: field<number>(fraction, 0),
  /** Further options of the adapter as `addAdapter` accepts them, such as `bias` and `initLoraWeights`; null for none. */
  lora: field(takeFurtherLora, null),
  /** Seed of everything random: splits, order of batches, initial values, dropout. */
  seed: field(wholeFrom(0), 0),
  /** Length in tokens to which texts are truncated; null for the model's maximum. */
  maxTokens: field(orNull(wholeFrom(2)), null),
  /** Build of the kernels. */
  build: field(among(builds), "auto"),
  /** Number of threads, or "auto" for one per core. */
  threads: field(wordOr("auto", wholeFrom(1)), "auto"),
  /**
   * Where the model is trained: "wasm"; "webgpu", the GPU; "auto", the faster of both. An interrupted run can be resumed on another device.
   * If the GPU fails, the run continues on WebAssembly from its last checkpoint.
   */
  device: field(among(devices), "wasm"),
};

/** Settings of every task. */
export type SharedSettings = ValuesOf<typeof sharedFields>;

/** Steps of warm-up. */
export function warmupOf({ warmup }: Pick<SharedSettings, "warmup">, steps: number): number {
  return warmup ?? Math.round(steps / 10);
}

/** Learning rate by step. Throws `ConfigError` if the warm-up is longer than the run. */
export function scheduleOf(settings: SharedSettings, total: number): Schedule {
  const { schedule: name, learningRate: peak, minLearningRateRatio: least } = settings;
  const warmup = warmupOf(settings, total);
  const schedule = schedules[name]({ peak, warmup, total });
  if (least === 0 || name === "constant") return schedule;
  return (step) => (step < warmup ? schedule(step) : peak * least + (1 - least) * schedule(step));
}

/** Options of the new adapter; null for none. */
export function loraOptions(settings: SharedSettings & { readonly headOnly?: boolean }): LoraOptions | null {
  const { headOnly = false, rank, alpha, targetModules, rslora, dora, dropout, lora } = settings;
  if (headOnly) return null;
  return { rank, alpha, ...(targetModules === null ? {} : { targetModules }), rslora, dora, dropout, ...lora };
}

/** Target modules as `--target-modules` accepts them; the default as text. */
export function formatTargets(targetModules: SharedSettings["targetModules"]): string {
  if (targetModules === null) return "query, key, value";
  return typeof targetModules === "string" ? targetModules : targetModules.join(", ");
}

const furtherNames = [
  "bias",
  "excludeModules",
  "initLoraWeights",
  "layersToTransform",
  "layersPattern",
  "loraBias",
  "modulesToSave",
  "rankPattern",
  "alphaPattern",
  "trainableTokenIndices",
] as const;

/** Options of `addAdapter` in the setting `lora`: those that are not separate settings. */
export type FurtherLora = Pick<LoraOptions, (typeof furtherNames)[number]>;

/** Whether an option has its default. */
const isDefault = (value: unknown) => value === null || value === undefined;

/**
 * A copy as plain data that JSON can hold; null if no option is set. Throws `ConfigError`, `AdapterError` or `UnsupportedError`, naming the
 * invalid option.
 */
export function takeFurtherLora(what: string, name: string, given: unknown): FurtherLora | null {
  if (isDefault(given)) return null;
  if (!isRecord(given)) throw unexpected(what, name, "an object of further options of the adapter, or null", given);
  const place = `${what}: ${name}`;
  checkOptions(place, given, furtherNames);
  const taken = { ...(given as FurtherLora) };
  const { config } = resolveLoraOptions(place, taken, []);
  const plain = furtherNames
    .filter((option) => !isDefault(taken[option]))
    .map((option) => {
      const value = config[option];
      return [option, value instanceof Map ? (Object.fromEntries(value) as object) : value] as const;
    });
  return plain.length === 0 ? null : Object.fromEntries(plain);
}

/** The options of the setting `lora` as text; empty if there are none. */
export const formatFurtherLora = (lora: FurtherLora | null): string[] =>
  Object.entries(lora ?? {}).map(
    ([name, value]) => `${name} ${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
