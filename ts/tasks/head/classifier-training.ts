import type { AppliedAdapter } from "../../adapters/adapter-parts.js";
import { type FrozenA, frozenA, type ModelAdapter } from "../../adapters/model-adapter.js";
import { checkOptions, copiedOptions } from "../../arguments/options.js";
import { checkRecord, flag, fraction, listFrom, oneOf, whole } from "../../arguments/settings.js";
import { typedKind } from "../../arguments/typed-array.js";
import { ConfigError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import type { Example } from "../../io/examples/example.js";
import type { ForwardOptions } from "../../models/architecture.js";
import { raggedBatch } from "../../models/ragged-batch.js";
import { pooledBy } from "../../models/sentence/pooling.js";
import type { SentenceEncoder } from "../../models/sentence/sentence-encoder.js";
import type { ClassificationHead } from "../../nn/classification-head.js";
import { balancedOrder } from "../../train/batch-order.js";
import {
  FIT_OPTIONS,
  type FitOptions,
  learningRate,
  loraPlusInOrder,
  takeFitOptions,
} from "../../train/fit-options.js";
import type { BatchLoss, Task } from "../../train/task.js";
import { integersOf } from "../../values/number-list.js";
import { type ClassWeights, classWeightsOf } from "./class-weights.js";

/** Options of `TextClassifier.fit`. */
export interface ClassifierFitOptions extends FitOptions {
  /** Peak learning rate of the head; default `learningRate`; of its bias `loraPlusRatio` times that. A schedule scales it too. */
  readonly headLearningRate?: number;
  /**
   * LoRA+ (arXiv 2402.12354): ratio of the learning rate of B, biases and norms to that of A, PEFT's `loraplus_lr_ratio`; usually 4 to 16.
   * Biases and layer norms have no weight decay; A and B of embeddings have the rate 1e-6, as in `loraPlusGroups`. Default: one rate for
   * all.
   */
  readonly loraPlusRatio?: number;
  /**
   * Weights of the classes in the loss; its mean divides by the weights of a step's targets, as in PyTorch's weighted cross entropy.
   * Default: all the same.
   */
  readonly classWeights?: ClassWeights;
  /**
   * Share of each target's probability that is spread over all classes in the loss, PyTorch's `label_smoothing`, 0 to below 1. Default 0. Not
   * with several labels a text.
   */
  readonly labelSmoothing?: number;
  /**
   * "balanced": every class is in the batches equally often, rare ones repeatedly, in an order by `seed`. Default: every example equally
   * often.
   */
  readonly sampling?: "balanced";
  /**
   * Recompute each layer of the encoder for its gradient instead of keeping its activations: the same bits with a fraction of the memory,
   * in about a third more time. Default false.
   */
  readonly checkpointing?: boolean;
  /** "keep": train on empty texts too; default "refuse": throw and list them, since they are usually a mistake in the data. */
  readonly emptyTexts?: "refuse" | "keep";
  /**
   * Train B and the head, with A constant (FFA-LoRA, arXiv 2403.12313): the mean of such adapters is then the mean of their updates.
   * Default false. Throws `ConfigError` without an adapter, and with `loraPlusRatio`.
   */
  readonly freezeA?: boolean;
}

/** A checked example. */
export interface TokenizedExample {
  readonly ids: Int32Array;
  readonly target: number;
}

/** The training of a classifier. */
export interface ClassifierTraining<E> {
  readonly task: Task<E>;
  readonly options: FitOptions;
  /** Whether layers are recomputed for their gradients. */
  readonly checkpointing: boolean;
}

/** The parts of a classifier of texts or tokens used in training. */
export interface TrainedClassifier {
  readonly encoder: SentenceEncoder;
  readonly graph: Graph;
  readonly labels: readonly string[];
  readonly modelAdapter: ModelAdapter | null;
  readonly head: Pick<ClassificationHead, "params">;
}

/** A trained classifier of texts. */
export interface TrainedTextClassifier extends TrainedClassifier {
  readonly head: ClassificationHead;
  /** Bytes that a step on these examples needs. */
  memory(examples: readonly TokenizedExample[], options: ForwardOptions): number;
}

/** The loss of a classifier on examples. */
export interface Lesson<E> {
  /** The class of every target. */
  readonly targets: readonly number[];
  /** Summed cross entropy, weighted by class if there are weights. */
  readonly loss: (examples: readonly E[], weights: Float32Array | undefined, checkpointing: boolean) => BatchLoss;
  readonly memory: (examples: readonly E[], checkpointing: boolean) => number;
}

/** Training options except those for texts only. */
export type LessonOptions = Omit<ClassifierFitOptions, "labelSmoothing" | "sampling" | "emptyTexts" | "freezeA">;

/** Names of the options of both classifiers, in addition to `fit`'s. */
const LESSON_OPTIONS = ["headLearningRate", "loraPlusRatio", "classWeights", "checkpointing"];

/** The training by a classifier's options. Throws `ConfigError` for invalid ones. */
export function takeTraining(
  classifier: TrainedTextClassifier,
  examples: readonly TokenizedExample[],
  given: ClassifierFitOptions,
): ClassifierTraining<TokenizedExample> {
  const read = readFitOptions<ClassifierFitOptions>(given, ["labelSmoothing", "sampling", "emptyTexts", "freezeA"]);
  const { emptyTexts: _, labelSmoothing = 0, sampling, freezeA = false, ...own } = read;
  fraction("fit", "labelSmoothing", labelSmoothing);
  const frozen = flag("fit", "freezeA", freezeA) ? freeze(classifier, own) : null;
  const targets = examples.map(({ target }) => target);
  const lesson: Lesson<TokenizedExample> = {
    targets,
    loss: (part, weights, checkpointing) =>
      lossOf(classifier, part, { weights, labelSmoothing }, checkpointing, frozen?.applied()),
    memory: (part, checkpointing) => classifier.memory(part, { checkpointing }),
  };
  const training = trainingOf(classifier, own, lesson, frozen?.params);
  if (sampling === undefined) return training;
  const { options } = training;
  oneOf("fit", "sampling", sampling, ["balanced"]);
  if (options.order !== undefined)
    throw new ConfigError("fit: sampling and order both choose the examples of a step; pass only one of them", {
      op: "fit",
      option: "sampling",
    });
  if (examples.length === 0) return training;
  const { batchSize, seed } = takeFitOptions(examples.length, options);
  const order = balancedOrder(targets, Math.min(batchSize, examples.length), seed, classifier.graph.engine);
  return { ...training, options: { ...options, order } };
}

/** A copy of options, inherited ones too, each read once. Throws `ConfigError` for unknown names. */
export function readFitOptions<T extends LessonOptions>(given: T, more: readonly (keyof T & string)[] = []): T {
  checkOptions("fit", given, [...FIT_OPTIONS, ...LESSON_OPTIONS, ...more]);
  return copiedOptions(given);
}

/** Throws `ConfigError` if there is no A to keep constant, or it has its own learning rate. */
function freeze({ graph, modelAdapter }: TrainedClassifier, { loraPlusRatio }: LessonOptions): FrozenA {
  const problem =
    modelAdapter === null ? "this classifier has no adapter" : "loraPlusRatio needs a learning rate for A";
  if (modelAdapter !== null && loraPlusRatio === undefined) return frozenA(graph, modelAdapter);
  throw new ConfigError(`fit: freezeA keeps the adapter's A constant, but ${problem}; pass only one of them`, {
    op: "fit",
    option: "freezeA",
  });
}

/**
 * The training of a classifier of texts or tokens by its options. Throws `ConfigError` for invalid ones.
 * @param trained the trained part of the adapter; default: all of it
 */
export function trainingOf<E>(
  classifier: TrainedClassifier,
  { headLearningRate, loraPlusRatio, classWeights, checkpointing = false, ...options }: LessonOptions,
  { targets, loss, memory }: Lesson<E>,
  trained?: () => NodeId[],
): ClassifierTraining<E> {
  flag("fit", "checkpointing", checkpointing);
  const { graph, encoder, labels, modelAdapter, head } = classifier;
  const ofAdapter = trained ?? (() => modelAdapter?.params() ?? []);
  const weights = classWeights === undefined ? undefined : classWeightsOf(classWeights, labels, targets);
  const task: Task<E> = {
    graph,
    params: () => [...ofAdapter(), ...head.params()],
    loss(part) {
      encoder.adapterSet.checkTrainable(modelAdapter);
      return loss(part, weights, checkpointing);
    },
    memory: (part) => memory(part, checkpointing),
    ...groupsOf(classifier, ofAdapter, { headLearningRate, loraPlusRatio, ...options }),
  };
  return { task, options, checkpointing };
}

/** Adapter and head, in groups if they have their own learning rates. */
function groupsOf(
  { head, modelAdapter }: TrainedClassifier,
  trained: () => NodeId[],
  { headLearningRate, loraPlusRatio, ...options }: LessonOptions,
): Pick<Task<unknown>, "groups"> {
  if (headLearningRate === undefined && loraPlusRatio === undefined) return {};
  const lr = headLearningRate === undefined ? {} : { lr: learningRate("fit", "headLearningRate", headLearningRate) };
  const ofHead = { params: head.params(), ...lr };
  if (modelAdapter === null) {
    if (loraPlusRatio === undefined) return { groups: () => [ofHead] };
    throw new ConfigError(
      "fit: loraPlusRatio is for an adapter's A and B, and this classifier has no adapter; omit it",
      {
        op: "fit",
        option: "loraPlusRatio",
      },
    );
  }
  if (loraPlusRatio === undefined) return { groups: () => [{ params: trained() }, ofHead] };
  if (headLearningRate === undefined) {
    const groups = loraPlusInOrder(modelAdapter, loraPlusRatio, options, head.params());
    return { groups: () => groups };
  }
  const ofAdapter = loraPlusInOrder(modelAdapter, loraPlusRatio, options);
  return { groups: () => [...ofAdapter, ofHead] };
}

/**
 * Summed cross entropy of examples, weighted by class if there are weights.
 * @param applied used instead of the classifier's adapter: the same with parts of it as constants
 */
export function lossOf(
  { encoder, head, modelAdapter, graph }: TrainedTextClassifier,
  examples: readonly TokenizedExample[],
  { weights, labelSmoothing }: { readonly weights?: Float32Array | undefined; readonly labelSmoothing?: number },
  checkpointing: boolean,
  applied?: AppliedAdapter,
): BatchLoss {
  const batch = raggedBatch(examples.map(({ ids }) => ids));
  const logits = head.logits(
    applied === undefined
      ? encoder.pooled(batch, modelAdapter, { checkpointing })
      : pooledBy(encoder, batch, [{ adapter: applied }], { checkpointing }),
  );
  const targets = examples.map(({ target }) => target);
  const sum = graph.crossEntropy(logits, targets, { reduction: "sum", weight: weights, labelSmoothing });
  const weight = weights === undefined ? targets.length : targets.reduce((total, one) => total + weights[one]!, 0);
  return { sum, targets: targets.length, weight, tokens: batch.ids.length };
}

/** A copy of the examples of a classifier's `loss`, each field read once. */
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

/** A copy of some examples. Throws `ConfigError` for invalid ones. */
export function takeExamples(what: string, examples: readonly Example[]): Example[] {
  return listFrom(`${what}: a list of examples is expected`, examples, (example, i) => {
    const { text, label } = (example as Partial<Example> | null | undefined) ?? {};
    if (typeof text === "string" && typeof label === "string") return { text, label };
    throw new ConfigError(`example ${i}: { text, label } of two strings is expected, got ${excerpt(example)}`, {
      option: "examples",
      expected: "{ text, label } of two strings",
      value: example,
      place: i,
    });
  });
}

/** What to do with training examples without text. */
export type EmptyTexts = "refuse" | "keep";

/** Reads the option `emptyTexts` from unchecked options. */
export const emptyTextsOf = (options: { readonly emptyTexts?: EmptyTexts } | null): EmptyTexts | undefined =>
  options?.emptyTexts;

/** The most empty texts that a message names. */
const NAMED = 5;

/** A copy of training examples. Throws `ConfigError` for invalid ones, and for empty texts unless they are to be kept. */
export function takeTrainingExamples(what: string, examples: readonly Example[], emptyTexts?: EmptyTexts): Example[] {
  const taken = takeExamples(what, examples);
  refuseEmpty(what, taken, emptyTexts);
  return taken;
}

/** Throws `ConfigError` for empty texts unless they are to be kept. */
export function refuseEmpty(
  what: string,
  taken: readonly Pick<Example, "text">[],
  emptyTexts: EmptyTexts = "refuse",
): void {
  oneOf(what, "emptyTexts", emptyTexts, ["refuse", "keep"]);
  const empty = emptyTexts === "keep" ? [] : [...taken.keys()].filter((i) => taken[i]!.text.trim() === "");
  if (empty.length === 0) return;
  const places = empty.slice(0, NAMED).join(", ") + (empty.length > NAMED ? ` and ${empty.length - NAMED} more` : "");
  const texts = empty.length === 1 ? `example ${places} has an empty text` : `examples ${places} have empty texts`;
  throw new ConfigError(`${what}: ${texts}: fill them in, remove them, or pass \`emptyTexts: "keep"\``, {
    op: what,
    option: "emptyTexts",
    place: empty[0],
    count: empty.length,
  });
}
