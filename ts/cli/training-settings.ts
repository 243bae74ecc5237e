import { constantSchedule, cosineSchedule, linearSchedule, type FitOptions, type Schedule } from "../entry/node.js";
import type { LoraOptions } from "../models/lora-options.js";
import type { EngineOptions } from "./engine-start.js";

/** Schedules by the name that `--schedule` takes. */
export const schedules = { cosine: cosineSchedule, linear: linearSchedule, constant: constantSchedule } as const;

/** Everything that a run's result depends on, apart from the files it names. */
export interface TrainingSettings {
  readonly model: string;
  readonly data: string;
  readonly validation: string | null;
  /** Share of the data kept for validation, where there is no validation file. */
  readonly validationSplit: number;
  /** Column of the texts, and that of the labels: a name, or a number from 0. */
  readonly text: string;
  readonly label: string;
  /** Names of labels that stand otherwise in the data. */
  readonly labelNames: Readonly<Record<string, string>>;
  readonly steps: number | null;
  readonly epochs: number | null;
  readonly batchSize: number;
  readonly learningRate: number;
  /** Steps; null for a tenth of all. */
  readonly warmup: number | null;
  readonly schedule: keyof typeof schedules;
  readonly weightDecay: number;
  /** Null for none. */
  readonly maxGradNorm: number | null;
  readonly accumulate: number;
  readonly rank: number;
  readonly alpha: number;
  /** Null for what the model calls query, key and value. */
  readonly targetModules: readonly string[] | string | null;
  readonly rslora: boolean;
  readonly dora: boolean;
  readonly dropout: number;
  readonly seed: number;
  /** Null for what the model allows. */
  readonly maxTokens: number | null;
  readonly build: NonNullable<EngineOptions["build"]>;
  readonly threads: NonNullable<EngineOptions["threads"]>;
  readonly baseline: boolean;
}

/** Optimizer steps of a run over `examples` examples. */
export function stepsOf({ steps, epochs, batchSize }: TrainingSettings, examples: number): number {
  if (steps !== null) return steps;
  return Math.max(1, Math.round((epochs ?? 1) * Math.floor(examples / Math.min(batchSize, examples))));
}

/** Steps of warm-up. */
export function warmupOf({ warmup }: TrainingSettings, steps: number): number {
  return warmup ?? Math.round(steps / 10);
}

/** Learning rate by step. Throws `ConfigError` where the warm-up is longer than the run. */
export function scheduleOf(settings: TrainingSettings, total: number): Schedule {
  return schedules[settings.schedule]({ peak: settings.learningRate, warmup: warmupOf(settings, total), total });
}

/** The settings as `fit` takes them. */
export function fitOptions(settings: TrainingSettings, steps: number): FitOptions {
  const { batchSize, learningRate, weightDecay, maxGradNorm, accumulate, seed } = settings;
  const schedule = scheduleOf(settings, steps);
  return { steps, batchSize, learningRate, schedule, weightDecay, maxGradNorm, accumulate, seed };
}

/** The settings as a new adapter takes them. */
export function loraOptions({ rank, alpha, targetModules, rslora, dora, dropout }: TrainingSettings): LoraOptions {
  return { rank, alpha, ...(targetModules === null ? {} : { targetModules }), rslora, dora, dropout };
}

/** Target modules as `--target-modules` takes them; where none were given, in words. */
export function formatTargets(targetModules: TrainingSettings["targetModules"]): string {
  if (targetModules === null) return "query, key, value";
  return typeof targetModules === "string" ? targetModules : targetModules.join(", ");
}
