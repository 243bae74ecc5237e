import { checkRecord, listFrom } from "../arguments/collections.js";
import { checkOptions } from "../arguments/options.js";
import { flag, oneOf, whole } from "../arguments/settings.js";
import { typedKind } from "../arguments/typed-array.js";
import { ConfigError } from "../errors/errors.js";
import { raggedBatch } from "../models/ragged-batch.js";
import { balancedOrder } from "../train/balanced-order.js";
import type { FitOptions } from "../train/fit-options.js";
import { FIT_OPTIONS, learningRate, takeFitOptions } from "../train/fit-settings.js";
import { loraPlusInOrder } from "../train/lora-plus-in-order.js";
import type { BatchLoss, Task } from "../train/task.js";
import { integersOf } from "../values/number-list.js";
import { type ClassWeights, classWeightsOf } from "./class-weights.js";
import type { TextClassifier } from "./text-classifier.js";

/** How a classifier is trained. */
export interface ClassifierFitOptions extends FitOptions {
  /** Peak learning rate of the head; default `learningRate`. A schedule scales it along. */
  readonly headLearningRate?: number;
  /**
   * LoRA+ (arXiv 2402.12354): the learning rate of B over that of A, PEFT's `loraplus_lr_ratio`; usual are 4 to 16. A and B of embeddings learn
   * at 1e-6, as PEFT has it. Default: one rate for all.
   */
  readonly loraPlusRatio?: number;
  /**
   * How much each class counts in the loss: its mean divides by the weights of a step's targets, as PyTorch's weighted cross
   * entropy does. Default: all the same.
   */
  readonly classWeights?: ClassWeights;
  /**
   * "balanced": every class stands in the batches as often as any other, rare ones again and again, in an order that `seed`
   * decides. Default: every example as often as any other.
   */
  readonly sampling?: "balanced";
  /**
   * Compute each layer of the encoder again for its gradient instead of keeping what it needs: the same bits, in a fraction of
   * the memory, and about a third more time. Default false.
   */
  readonly checkpointing?: boolean;
  /** "keep": learn from empty texts too; default "refuse": they are named, since they are mostly a mistake in the data. */
  readonly emptyTexts?: "refuse" | "keep";
}

/** An example as training takes it. */
export interface TokenizedExample {
  readonly ids: Int32Array;
  readonly target: number;
}

/** What `fit` does with a classifier. */
export interface ClassifierTraining {
  readonly task: Task<TokenizedExample>;
  readonly options: FitOptions;
}

const OWN_OPTIONS = ["headLearningRate", "loraPlusRatio", "classWeights", "sampling", "checkpointing"];

/** What a classifier's options make of its training. Throws `ConfigError` for those that make no sense. */
export function takeTraining(
  classifier: TextClassifier,
  examples: readonly TokenizedExample[],
  given: ClassifierFitOptions,
): ClassifierTraining {
  checkOptions("fit", given, [...FIT_OPTIONS, ...OWN_OPTIONS, "emptyTexts"]);
  // Inherited ones too, each read once.
  const own: Record<string, unknown> = {};
  for (const name in given) if (name !== "emptyTexts") own[name] = given[name as keyof ClassifierFitOptions];
  const {
    headLearningRate,
    loraPlusRatio,
    classWeights,
    sampling,
    checkpointing = false,
    ...options
  } = own as ClassifierFitOptions;
  flag("fit", "checkpointing", checkpointing);
  const targets = examples.map(({ target }) => target);
  const weights = classWeights === undefined ? undefined : classWeightsOf(classWeights, classifier.labels, targets);
  const task: Task<TokenizedExample> = {
    graph: classifier.graph,
    params: () => classifier.params(),
    loss(part) {
      classifier.encoder.adapterSet.checkTrainable(classifier.modelAdapter);
      return lossOf(classifier, part, weights, checkpointing);
    },
    memory: (part) => classifier.memory(part, { checkpointing }),
    ...groupsOf(classifier, { headLearningRate, loraPlusRatio, ...options }),
  };
  if (sampling === undefined) return { task, options };
  oneOf("fit", "sampling", sampling, ["balanced"]);
  if (options.order !== undefined)
    throw new ConfigError("fit: sampling and order both say which examples a step takes; leave one of them out", {
      op: "fit",
      option: "sampling",
    });
  if (examples.length === 0) return { task, options };
  const { batchSize, seed } = takeFitOptions(examples.length, options);
  const order = balancedOrder(targets, Math.min(batchSize, examples.length), seed, classifier.graph.engine);
  return { task, options: { ...options, order } };
}

/** Adapter and head, where they or their parts have learning rates of their own. */
function groupsOf(
  { head, modelAdapter }: TextClassifier,
  { headLearningRate, loraPlusRatio, ...options }: ClassifierFitOptions,
): Pick<Task<TokenizedExample>, "groups"> {
  if (headLearningRate === undefined && loraPlusRatio === undefined) return {};
  const lr = headLearningRate === undefined ? {} : { lr: learningRate("fit", "headLearningRate", headLearningRate) };
  const ofHead = { params: head.params(), ...lr };
  if (modelAdapter === null) {
    if (loraPlusRatio === undefined) return { groups: () => [ofHead] };
    throw new ConfigError(
      "fit: loraPlusRatio is of an adapter's A and B, and this classifier has no adapter; leave it out",
      {
        op: "fit",
        option: "loraPlusRatio",
      },
    );
  }
  const ofAdapter =
    loraPlusRatio === undefined
      ? [{ params: modelAdapter.params() }]
      : loraPlusInOrder(modelAdapter, loraPlusRatio, options);
  return { groups: () => [...ofAdapter, ofHead] };
}

/** Summed cross entropy of some examples, each weighted by its class where there are weights. */
export function lossOf(
  { encoder, head, modelAdapter, graph }: TextClassifier,
  examples: readonly TokenizedExample[],
  weights: Float32Array | undefined,
  checkpointing: boolean,
): BatchLoss {
  const batch = raggedBatch(examples.map(({ ids }) => ids));
  const logits = head.logits(encoder.pooled(batch, modelAdapter, { checkpointing }));
  const targets = examples.map(({ target }) => target);
  const sum = graph.crossEntropy(logits, targets, { reduction: "sum", weight: weights });
  const weight = weights === undefined ? targets.length : targets.reduce((total, one) => total + weights[one]!, 0);
  return { sum, targets: targets.length, weight, tokens: batch.ids.length };
}

/** A copy of examples as a classifier's `loss` takes them, each field read once. */
export function takeTokenized(
  what: string,
  examples: readonly TokenizedExample[],
  classes: number,
): TokenizedExample[] {
  return listFrom(`${what}: a list of { ids, target } is expected`, examples, (example, i) => {
    checkRecord(`${what}: example ${i} is { ids, target }`, example);
    const { ids, target } = example as unknown as TokenizedExample;
    const tokens = typedKind(ids) === "Int32Array" ? ids : integersOf(what, `ids of example ${i}`, ids).data;
    return { ids: tokens, target: whole(what, `target of example ${i}`, target, 0, classes - 1) };
  });
}
