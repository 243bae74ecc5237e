import type { LoraOptions } from "../../adapters/lora-options.js";
import type { Schedule } from "../../optim/schedules.js";
import type { LessonOptions } from "../../tasks/classifier-training.js";
import type { ClassifierSettings, TrainingSettings } from "./classifier-fields.js";
import { LEAST_STEPS, MOST_STEPS, STEP_PASSES } from "./recipes.js";
import { schedules, type SharedSettings } from "./shared-fields.js";

export type { ClassifierSettings, TrainingSettings } from "./classifier-fields.js";
export type { SharedSettings } from "./shared-fields.js";

/** A run on labelled texts as plain data, which JSON can carry: what it depends on. All but `data` has a default. */
export type JobSpec = Pick<TrainingSettings, "data"> & Partial<TrainingSettings>;

/** Optimizer steps of a run that trains on so many examples; none if only the head is fitted. */
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
