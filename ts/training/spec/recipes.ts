import type { RecipeName } from "./field.js";

/** How a recipe begins training; its defaults stand in the table of settings. */
export interface Recipe {
  /**
   * Where the head starts: fitted to the vectors of the encoder as it is (arXiv 2202.10054), with this share of the C that is best
   * for the head alone; null for small random numbers. A head that explains the training texts by itself leaves the adapter
   * nothing to train on, so it is regularised more strongly: docs/recipes.md.
   */
  readonly headStart: number | null;
}

/** Steps if neither `steps` nor `epochs` is given: so many passes over the examples, within these limits. */
export const STEP_PASSES = 5;
export const LEAST_STEPS = 150;
export const MOST_STEPS = 400;

/** What is held out of one file by default: a share of it, of a large file about so many examples. */
export const heldOut = {
  /** Choosing a step needs no more, and each measurement takes time. With fewer than `least`, chance would choose. */
  validation: { share: 0.2, most: 400, least: 20 },
  test: { share: 0.2, most: 1000 },
} as const;

/** "peft" is what PEFT's examples do: a head of small random numbers, one learning rate for everything, and the last step is kept. */
export const recipes: Readonly<Record<RecipeName, Recipe>> = {
  default: { headStart: 0.01 },
  peft: { headStart: null },
};
