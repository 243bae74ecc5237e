import { flag, fraction, positive } from "../../arguments/settings.js";
import type { FindingCode } from "../../io/examples/summary/data-summary.js";
import { isJsonObject } from "../../io/json.js";
import {
  among,
  field,
  fieldByRecipe,
  matching,
  orNull,
  type RecipeName,
  recipeNames,
  since,
  text,
  textsByName,
  type ValuesOf,
} from "../../training/spec/field.js";
import type { TaskPlan } from "../../training/spec/run-settings.js";
import { sharedFields } from "../../training/spec/shared-fields.js";
import type { ClassWeights } from "../head/class-weights.js";
import type { LessonOptions } from "../head/classifier-training.js";
import { codesOf } from "../table-rows.js";

/** Where near duplicates may be in a split. */
export const nearPlaces = ["together", "apart"] as const;

const openShare = matching<number>(
  "a number above 0 and at most 1",
  (value) => typeof value === "number" && value > 0 && value <= 1,
);

const isWeight = (value: unknown) => typeof value === "number" && value > 0 && value < Infinity;

const classWeights = matching<ClassWeights>(
  '"balanced" or an object of numbers above 0',
  (value) => value === "balanced" || (isJsonObject(value) && Object.values(value).every(isWeight)),
);

/** Findings that `allow` accepts: the run continues; with "empty-texts" and "empty-labels" it removes such examples. */
export const allowable: readonly (FindingCode | "empty-labels")[] = [
  "empty-texts",
  "empty-labels",
  "id-labels",
  "number-texts",
  "same-file",
  "test-in-training",
] as const;

/** Settings of classifiers, of texts and of tokens. */
export const classifierFields = {
  ...sharedFields,
  /** Examples that are measured once, at the end; null for `testSplit`. Without either, the result is measured on the validation. */
  test: field(orNull(text), null),
  /**
   * Share of the data kept for the test if there is no test file; 0 for none. Null: a fifth, of a large file about 1,000 examples,
   * unless a validation file is named.
   */
  testSplit: fieldByRecipe(orNull<number>(fraction), { default: null, peft: 0 }),
  /**
   * Defaults of omitted settings, and where training starts: "default", from a head fitted to frozen vectors; "peft", from a head of small
   * random numbers, as in PEFT's examples.
   */
  recipe: since(field(among(recipeNames), "default"), "peft"),
  /** Train no adapter, only the head, fitted to frozen vectors. Settings of optimizer and adapter then have no effect. */
  headOnly: field<boolean>(flag, false),
  /** Peak learning rate of the head, which follows the same schedule; null for that of the adapter. */
  headLearningRate: field(orNull<number>(positive), null),
  /** Weight of each label in the loss: "balanced", or numbers above 0 by label; null for equal weights. */
  classWeights: field(orNull(classWeights), null),
  /** Recompute each layer for its gradient: less memory, the same result, about a third more time. */
  checkpointing: field<boolean>(flag, false),
  /** Fit the head-only baseline even if training does not start from it. */
  baseline: field<boolean>(flag, true),
};

/** Settings of a run on labelled texts. */
export const textFields = {
  ...classifierFields,
  /** Column of the texts: a name, or a number from 0. */
  text: field(text, "text"),
  /** Column of the labels, as `text`. */
  label: field(text, "label"),
  /** Names of labels that the data write in another way. */
  labelNames: field(textsByName, {}),
  /**
   * Column of groups (a customer, a thread), as `text`: texts with the same value are on one side of every split. A text without a value
   * forms its own group. Null for none.
   */
  group: field(orNull(text), null),
  /**
   * Where near duplicates are put (texts that differ by a greeting, for example). "together": on one side of every split, if each label
   * then still has examples on both sides. "apart": on either side; equal texts are never split.
   */
  nearDuplicates: since(field(among(nearPlaces), "together"), "apart"),
  /** Remove texts that repeat an earlier one of their file with the same label, apart from case and white space. */
  dropDuplicates: field<boolean>(flag, false),
  /**
   * Train the saved classifier again on all rows, those of the validation included, once the step is chosen, if the validation was split from
   * `data`; figures are of the first one. False: the saved classifier is the measured one. Null: only if training and validation have at most
   * 1,000 rows, since with more the rows of the validation gain nothing that was measured.
   */
  finalFit: since(fieldByRecipe(orNull<boolean>(flag), { default: null, peft: false }), false),
  /**
   * Divide logits by a temperature with the lowest loss on the validation, if there is one, so that probabilities are nearer to shares of
   * right predictions.
   */
  calibrate: since(fieldByRecipe<boolean>(flag, { default: true, peft: false }), false),
  /**
   * Share of right predictions to reach, such as 0.95: predictions whose probability is below the threshold that reaches it on the
   * validation are `unsure`. Needs a validation. Null for none.
   */
  abstain: since(field(orNull<number>(openShare), null), null),
  /** "balanced": each label is as frequent in the batches as any other; null: each example is as frequent as any other. */
  sampling: field(orNull(among(["balanced"])), null),
  /** Share of each label's probability that is spread over all labels in the loss, as in PyTorch's cross entropy. */
  labelSmoothing: field<number>(fraction, 0),
  /**
   * Codes of findings in the data with which the run goes on: "id-labels", "number-texts", "same-file", "test-in-training"; with
   * "empty-texts" and "empty-labels" examples without one are removed.
   */
  allow: field(codesOf(allowable), []),
};

/** Settings of classifiers, of texts and of tokens, that say how they are trained. */
export type ClassifierSettings = ValuesOf<typeof classifierFields>;

/** Everything that the result of a run on labelled texts depends on, except the files it names. */
export type TrainingSettings = ValuesOf<typeof textFields>;

/** A run on labelled texts as plain data that JSON can hold. All fields except `data` have defaults. */
export type JobSpec = Pick<TrainingSettings, "data"> &
  Partial<TrainingSettings> & { readonly task?: "classify"; readonly multiLabel?: false };

/** Options of `fit` from a classifier's own settings. */
export function classifierOptions(settings: ClassifierSettings): LessonOptions {
  const { headLearningRate, loraPlusRatio, classWeights, checkpointing } = settings;
  return {
    checkpointing,
    ...(headLearningRate !== null && { headLearningRate }),
    ...(loraPlusRatio !== null && { loraPlusRatio }),
    ...(classWeights !== null && { classWeights }),
  };
}

/** How a recipe starts training; its defaults are in the table of settings. */
interface Recipe {
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
