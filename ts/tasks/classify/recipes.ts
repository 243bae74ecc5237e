import type { RecipeName } from "../../training/spec/field.js";
import type { TaskPlan } from "../../training/spec/run-settings.js";
import type { ClassifierSettings } from "./settings.js";

/** How a recipe starts training; its defaults are in the table of settings. */
export interface Recipe {
  /**
   * Where the head starts: fitted to the vectors of the frozen encoder (arXiv 2202.10054), with this share of the head-only baseline's best
   * C; null for small random numbers. A head that fits the training texts alone leaves the adapter nothing to train on, so it is
   * regularised more strongly: docs/recipes.md.
   */
  readonly headStart: number | null;
  /**
   * Whether the adapter is trained on pairs of texts, without the head, which is fitted to the trained vectors at the end: with few examples
   * of a class there are many pairs (SetFit, arXiv 2209.11055).
   */
  readonly pairs: boolean;
}

/** Defaults of classifiers of texts and of tokens. */
export const classifierPlan = {
  length: { passes: 5, least: 150, most: 400 },
  heldOut: {
    /** Choosing a step needs no more, and each measurement takes time. */
    validation: { share: 0.2, most: 400, least: 20 },
    test: { share: 0.2, most: 1000 },
  },
  choosesStep: "asked",
} as const satisfies TaskPlan;

/** "peft" follows PEFT's examples: a head of small random numbers, one learning rate for everything, and the last step is kept. */
export const recipes: Readonly<Record<RecipeName, Recipe>> = {
  default: { headStart: 0.01, pairs: false },
  peft: { headStart: null, pairs: false },
  "few-shot": { headStart: null, pairs: true },
};

/** Most examples of a label, in the mean, that are few: training may then gain nothing over the head-only model. docs/recipes.md. */
const FEW = 15;

/** Whether there are few examples of each label. @param examples those of training and validation */
export const areFew = (examples: number, labels: number): boolean => examples <= FEW * labels;

/** Whether a head is fitted to all examples to train on. */
export const fitsHead = ({
  baseline,
  headOnly,
  recipe,
}: Pick<ClassifierSettings, "baseline" | "headOnly" | "recipe">): boolean =>
  baseline || headOnly || recipes[recipe].headStart !== null;
