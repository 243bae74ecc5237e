import type { FitEvaluation } from "../train/fit-options.js";
import type { TaskData } from "./data/parts.js";
import { type RunSettings, stepsOf, type TaskPlan } from "./spec/run-settings.js";
import type { FileExample, TaskModel, TokenizedExample, TokenizedParts } from "./task-definition.js";

/** A fit of a new model on the rows of training and validation. */
export interface FinalPlan {
  /** Examples in the order of the file. */
  readonly examples: readonly FileExample[];
  readonly tokens: readonly TokenizedExample[];
  /** The run's, with the length of the whole schedule; no step is chosen. */
  readonly settings: RunSettings;
  /** Steps of the whole schedule; 0 where only the head is fitted. */
  readonly steps: number;
}

/**
 * Most rows of training and validation together with which a run has a final fit if its settings do not say so: docs/recipes.md has the
 * measurements.
 */
export const MOST_ROWS = 1000;

/**
 * The final fit of a run of so many steps; null where the validation was not split from the data, the task or the settings have none, or
 * the rows are many and the settings do not ask for one.
 */
export function finalPlan(
  settings: RunSettings,
  { train, validation }: TaskData<FileExample>,
  model: TaskModel<FileExample, TokenizedExample>,
  tokens: Pick<TokenizedParts<TokenizedExample>, "train">,
  held: readonly TokenizedExample[],
  steps: number,
  { length }: TaskPlan,
): FinalPlan | null {
  if (model.finalFit === undefined || !validation.split || held.length === 0) return null;
  const [examples, own] = [
    [...train.examples, ...validation.examples],
    [...tokens.train, ...held],
  ];
  if (!(settings.finalFit ?? examples.length <= MOST_ROWS)) return null;
  const places = examples.map((_, i) => i).sort((a, b) => examples[a]!.line - examples[b]!.line);
  const more = (count: number) => inProportion(count, tokens.train.length, own.length);
  const { warmup } = settings;
  const whole: RunSettings = {
    ...settings,
    steps: Math.max(1, more(steps)),
    epochs: null,
    evaluateEvery: null,
    patience: null,
    warmup: warmup === null ? null : Math.min(more(warmup), more(steps)),
  };
  return {
    examples: places.map((place) => examples[place]!),
    tokens: places.map((place) => own[place]!),
    settings: whole,
    steps: stepsOf(whole, own.length, length),
  };
}

const inProportion = (count: number, few: number, all: number): number => Math.round((count * all) / few);

/** Steps of the final fit: those up to the kept one, in proportion to the rows. @param few rows of the first fit */
export function finalSteps({ tokens, steps }: FinalPlan, evaluation: FitEvaluation | null, few: number): number {
  if (evaluation === null) return steps;
  const { step } = evaluation.best;
  return step === 0 ? 0 : Math.min(steps, Math.max(1, inProportion(step, few, tokens.length)));
}
