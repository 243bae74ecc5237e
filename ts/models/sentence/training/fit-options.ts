import { callable, checkRecord, flag, oneOf, unexpected, whole } from "../../../arguments/settings.js";
import { checkOptions, copiedOptions } from "../../../arguments/options.js";
import { ConfigError } from "../../../errors/errors.js";
import { excerpt } from "../../../errors/excerpt.js";
import { FIT_OPTIONS, type FitOptions } from "../../../train/fit-options.js";
import type { SentenceLossName } from "../../../train/losses/sentence-loss.js";
import type { BatchSampler } from "./batch-samplers.js";
import type { FitLossOptions } from "./sentence-task.js";
import type { SentenceExample } from "./sentence-examples.js";

/** Options of `SentenceEncoder.fit`. */
export interface SentenceFitOptions extends FitOptions {
  /** Passes over the examples, instead of `steps`; default 3. A pass has as many steps as the batch sampler makes batches in its first. */
  readonly epochs?: number;
  /** Name of the adapter to train; default: the active one. */
  readonly adapter?: string;
  /**
   * The loss, as `sentenceLoss` has it. Default by the examples: "multiple-negatives-ranking" for an anchor and its positive, with or
   * without negatives; "cosent" for scores; "contrastive" for pairs with a label; "batch-hard-triplet" for texts with a label; "mse" for
   * texts with a teacher's vectors, "margin-mse" for an anchor and its candidates with a teacher's scores.
   */
  readonly loss?: SentenceLossName;
  /** Options of the loss, as `sentenceLoss` has them; labels, scores and teachers are the examples', and `guide` is a `SentenceEncoder`. */
  readonly lossOptions?: FitLossOptions;
  /**
   * Texts that are encoded at a time: the whole batch is then in the loss, with the memory of so many examples and the same gradients, in
   * about a third more time (gradient caching, arXiv 2101.06983). Default: the whole batch; 32 for the loss
   * "cached-multiple-negatives-ranking". `accumulate` splits the loss too, which changes losses that compare examples of a batch.
   */
  readonly miniBatchSize?: number;
  /**
   * "no-duplicates": no text twice in a batch, where it would count as a negative; "group-by-label": at least two texts of each class in a
   * batch; "random": every order. Default: what the loss needs.
   */
  readonly batchSampler?: BatchSampler;
  /** Scale vectors to length 1 before the loss; default: what the model's modules.json says. */
  readonly normalize?: boolean;
  /** LoRA+: ratio of the learning rate of B to that of A, as `ClassifierFitOptions.loraPlusRatio`. Default: one rate for all. */
  readonly loraPlusRatio?: number;
  /** Recompute each layer for its gradient: the same bits with less memory, in about a third more time. Default false. */
  readonly checkpointing?: boolean;
}

const OWN = [
  "adapter",
  "loss",
  "lossOptions",
  "miniBatchSize",
  "batchSampler",
  "normalize",
  "loraPlusRatio",
  "checkpointing",
] as const;

/** The options of a call, which has copied them, checked except for those of `fit` and of the loss. */
export function takeSentenceFit(options: SentenceFitOptions) {
  checkOptions("fit", options, [...FIT_OPTIONS, ...OWN]);
  const {
    adapter: _,
    loss,
    lossOptions,
    miniBatchSize,
    batchSampler,
    normalize,
    loraPlusRatio,
    checkpointing = false,
    ...fit
  } = options;
  if (loss !== undefined && typeof loss !== "string") throw unexpected("fit", "loss", "the name of a loss", loss);
  const ofLoss: FitLossOptions = { ...lossOptions };
  if (lossOptions !== undefined) checkRecord("fit: lossOptions are the options of the loss by name", lossOptions);
  for (const name of ["labels", "scores", "teacher"])
    if (name in ofLoss)
      throw new ConfigError(`fit: lossOptions.${name} is in the examples: each has its own`, {
        op: "fit",
        option: `lossOptions.${name}`,
      });
  if (ofLoss.guide !== undefined) callable("fit", "lossOptions.guide.encode", ofLoss.guide?.encode);
  if (miniBatchSize !== undefined) whole("fit", "miniBatchSize", miniBatchSize, 1);
  if (batchSampler !== undefined)
    oneOf("fit", "batchSampler", batchSampler, ["random", "no-duplicates", "group-by-label"]);
  if (normalize !== undefined) flag("fit", "normalize", normalize);
  flag("fit", "checkpointing", checkpointing);
  return {
    fit,
    loss,
    lossOptions: ofLoss,
    miniBatchSize,
    batchSampler,
    normalize,
    loraPlusRatio,
    checkpointing,
  };
}

/** A deep copy of data of a call of `fit`, typed arrays too. Throws `ConfigError` for what cannot be copied, such as functions. */
export function dataCopy<T>(name: string, value: T): T {
  try {
    return structuredClone(value);
  } catch (cause) {
    throw new ConfigError(`fit: ${name} are plain data, got ${excerpt(value)}`, { op: "fit", option: name }, { cause });
  }
}

/** A call's arguments as they are now: the code that checks and uses them is fetched first. Throws as `dataCopy`. */
export function copiedCall(examples: readonly SentenceExample[], options: SentenceFitOptions) {
  const own = typeof options === "object" ? copiedOptions(options) : options;
  const { lossOptions } = own;
  if (typeof lossOptions === "object" && lossOptions !== null) {
    // A guide is a model.
    const { guide, ...data } = lossOptions;
    Object.assign(own, { lossOptions: { ...dataCopy("lossOptions", data), guide } });
  }
  return { examples: dataCopy("examples", examples), options: own };
}
