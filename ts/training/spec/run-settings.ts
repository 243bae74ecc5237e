import type { FitOptions } from "../../train/fit-options.js";
import { scheduleOf, type SharedSettings } from "./shared-fields.js";

/** Settings of a run of any task. Fields of only some tasks are optional. */
export interface RunSettings extends SharedSettings {
  readonly task?: string;
  readonly test?: string | null;
  readonly testSplit?: number | null;
  readonly headOnly?: boolean;
  readonly multiLabel?: boolean;
  readonly checkpointing?: boolean | "auto";
  readonly finalFit?: boolean | null;
}

/** Default length of a run: so many epochs, within these limits of steps. */
export interface RunLength {
  readonly passes: number;
  readonly least: number;
  readonly most: number;
}

/** Default share of the data to hold out; for large data about so many examples. */
interface HeldShare {
  readonly share: number;
  readonly most: number;
}

/** Defaults of a task. */
export interface TaskPlan {
  readonly length: RunLength;
  readonly heldOut: {
    /** Share to validate on, and its least examples. With fewer and a test, chance would choose the step. */
    readonly validation: HeldShare & { readonly least: number };
    /** Null: the result is measured on the validation. */
    readonly test: HeldShare | null;
  };
  /** "always": the validation chooses the step if there is one; "asked": if `evaluateEvery` or `patience` is set. */
  readonly choosesStep: "always" | "asked";
}

/**
 * Most rows of training and validation together with which a run has a final fit if its settings do not say so: docs/recipes.md has the
 * measurements.
 */
export const FINAL_FIT_ROWS = 1000;

/** The task of settings without `task`. */
export const UNNAMED_TASK = "classify";

/** The task of settings without `task`, with several labels a text. */
export const MULTI_LABEL_TASK = "multi-label";

/** The task of a run with these settings. */
export const taskOf = ({ task, multiLabel = false }: Pick<RunSettings, "task" | "multiLabel">): string =>
  task ?? (multiLabel ? MULTI_LABEL_TASK : UNNAMED_TASK);

/** Whether a validation chooses the step to keep. */
export function choosesStep(
  { evaluateEvery, patience, headOnly = false }: Pick<RunSettings, "evaluateEvery" | "patience" | "headOnly">,
  plan: Pick<TaskPlan, "choosesStep">,
): boolean {
  return !headOnly && (plan.choosesStep === "always" || evaluateEvery !== null || patience !== null);
}

/** Optimizer steps of a run that trains on so many examples; none if only the head is fitted. */
export function stepsOf(
  { steps, epochs, batchSize, headOnly }: Pick<RunSettings, "steps" | "epochs" | "batchSize" | "headOnly">,
  examples: number,
  { passes, least, most }: RunLength,
): number {
  if (headOnly) return 0;
  if (steps !== null) return steps;
  if (epochs !== null) return Math.max(1, Math.round(epochs * Math.floor(examples / Math.min(batchSize, examples))));
  return Math.min(Math.max(Math.round((passes * examples) / batchSize), least), most);
}

/** Steps between two measurements on `held` examples; null if they choose no step. */
export function evaluateEveryOf(
  settings: Pick<RunSettings, "evaluateEvery" | "patience" | "headOnly">,
  steps: number,
  held: number,
  plan: Pick<TaskPlan, "choosesStep">,
): number | null {
  if (held === 0 || !choosesStep(settings, plan)) return null;
  return settings.evaluateEvery ?? Math.max(1, Math.round(steps / 10));
}

/** The settings of every task as options of `fit`. */
export function fitOptions(settings: RunSettings, steps: number): FitOptions {
  const { batchSize, learningRate, weightDecay, maxGradNorm, accumulate, seed } = settings;
  const schedule = scheduleOf(settings, steps);
  return { steps, batchSize, learningRate, schedule, weightDecay, maxGradNorm, accumulate, seed };
}

/** The length of training as text. */
export function formatLength(
  { steps, epochs }: Pick<RunSettings, "steps" | "epochs">,
  { passes, least, most }: RunLength,
): string {
  if (steps !== null) return `${steps.toLocaleString("en-US")} steps`;
  return epochs !== null ? `${epochs} epochs` : `${passes} passes, ${least} to ${most} steps`;
}
