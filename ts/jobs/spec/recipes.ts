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
    | "steps"
    | "epochs"
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

/** What PEFT's examples do: a head of small random numbers, and one learning rate for everything. */
const peft: Recipe = {
  headStart: null,
  settings: {
    ...{ steps: 300, epochs: null, batchSize: 16, learningRate: 1e-3, headLearningRate: null, warmup: null },
    ...{ schedule: "cosine", weightDecay: 0.01, maxGradNorm: 1, accumulate: 1 },
    ...{ rank: 8, alpha: 16, targetModules: null, rslora: false, dora: false, dropout: 0 },
  },
};

/** Recipes by the name that a spec has. */
export const recipes: Readonly<Record<TrainingSettings["recipe"], Recipe>> = {
  default: { ...peft, headStart: 0.01 },
  peft,
};
