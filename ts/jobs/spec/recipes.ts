import type { TrainingSettings } from "./training-settings.js";

/** How a run trains where nothing else is said. */
export interface Recipe {
  /**
   * Where the head starts: fitted to the vectors of the encoder as it is (arXiv 2202.10054), with this share of the C that is best
   * for the head alone; null for small random numbers. A head that explains the training texts by itself leaves the adapter
   * nothing to learn, so it is held back: docs/recipes.md.
   */
  readonly headStart: number | null;
  /** What stands for fields that a spec leaves out. */
  readonly settings: Pick<
    TrainingSettings,
    | "validationSplit"
    | "testSplit"
    | "steps"
    | "epochs"
    | "patience"
    | "batchSize"
    | "learningRate"
    | "headLearningRate"
    | "warmup"
    | "schedule"
    | "weightDecay"
    | "maxGradNorm"
    | "accumulate"
    | "rank"
    | "alpha"
    | "targetModules"
    | "rslora"
    | "dora"
    | "dropout"
  >;
}

/** Steps where neither `steps` nor `epochs` says how many: so many passes over the examples, within these ends. */
export const STEP_PASSES = 5;
export const LEAST_STEPS = 150;
export const MOST_STEPS = 400;

/** What is held out of one file where nothing is said: a share of it, of a large file about so many examples. */
export const heldOut = {
  /** Choosing a step needs no more, and each measurement takes time. With fewer than `least`, chance would choose. */
  validation: { share: 0.2, most: 400, least: 20 },
  test: { share: 0.2, most: 1000 },
} as const;

/** What PEFT's examples do: a head of small random numbers, one learning rate for everything, and the last step is kept. */
const peft: Recipe = {
  headStart: null,
  settings: {
    ...{ validationSplit: heldOut.validation.share, testSplit: 0, patience: null },
    ...{ steps: 300, epochs: null, batchSize: 16, learningRate: 1e-3, headLearningRate: null, warmup: null },
    ...{ schedule: "cosine", weightDecay: 0.01, maxGradNorm: 1, accumulate: 1 },
    ...{ rank: 8, alpha: 16, targetModules: null, rslora: false, dora: false, dropout: 0 },
  },
};

/** Recipes by the name that a spec has. */
export const recipes: Readonly<Record<TrainingSettings["recipe"], Recipe>> = {
  default: {
    headStart: 0.01,
    settings: { ...peft.settings, validationSplit: null, testSplit: null, steps: null, patience: 3 },
  },
  peft,
};
