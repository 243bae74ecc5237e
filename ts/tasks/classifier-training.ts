import { checkRecord, listFrom } from "../arguments/collections.js";
import { checkOptions } from "../arguments/options.js";
import { flag, oneOf, whole } from "../arguments/settings.js";
import { type FrozenA, frozenA } from "../adapters/frozen-a.js";
import type { AppliedAdapter, ModelAdapter } from "../adapters/model-adapter.js";
import { typedKind } from "../arguments/typed-array.js";
import { ConfigError } from "../errors/errors.js";
import type { Graph, NodeId } from "../graph/graph.js";
import { raggedBatch } from "../models/ragged-batch.js";
import { pooledBy } from "../models/sentence/pooled.js";
import type { SentenceEncoder } from "../models/sentence/sentence-encoder.js";
import type { ClassificationHead } from "../nn/classification-head.js";
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
  /** Peak learning rate of the head; default `learningRate`, of its bias `loraPlusRatio` times as much. A schedule scales it along. */
  readonly headLearningRate?: number;
  /**
   * LoRA+ (arXiv 2402.12354): the learning rate of B, biases and norms over that of A, PEFT's `loraplus_lr_ratio`; usual are 4 to 16. Biases
   * and layer norms have no weight decay, A and B of embeddings learn at 1e-6, as `loraPlusGroups` has it. Default: one rate for all.
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
  /**
   * Train B and the head, and leave A as it is (FFA-LoRA, arXiv 2403.12313): a mean of such adapters is then the mean of their updates.
   * Default false. Throws `ConfigError` for a head alone, and with `loraPlusRatio`.
   */
  readonly freezeA?: boolean;
}

/** An example as training takes it. */
export interface TokenizedExample {
  readonly ids: Int32Array;
  readonly target: number;
}

/** What `fit` does with a classifier. */
export interface ClassifierTraining<E> {
  readonly task: Task<E>;
  readonly options: FitOptions;
}

/** A classifier, of texts or of tokens, as far as training knows it. */
export interface TrainedClassifier {
  readonly encoder: SentenceEncoder;
  readonly graph: Graph;
  readonly labels: readonly string[];
  readonly modelAdapter: ModelAdapter | null;
  readonly head: Pick<ClassificationHead, "params">;
}

/** What a classifier learns from examples. */
export interface Lesson<E> {
  /** The class of every target. */
  readonly targets: readonly number[];
  /** Summed cross entropy, each target weighted by its class where there are weights. */
  readonly loss: (examples: readonly E[], weights: Float32Array | undefined, checkpointing: boolean) => BatchLoss;
  readonly memory: (examples: readonly E[], checkpointing: boolean) => number;
}

/** Options of training without those that are of texts alone. */
export type LessonOptions = Omit<ClassifierFitOptions, "sampling" | "emptyTexts" | "freezeA">;

/** Names of the options that classifiers of texts and of tokens have beside `fit`'s own. */
const LESSON_OPTIONS = ["headLearningRate", "loraPlusRatio", "classWeights", "checkpointing"];

/** What a classifier's options make of its training. Throws `ConfigError` for those that make no sense. */
export function takeTraining(
  classifier: TextClassifier,
  examples: readonly TokenizedExample[],
  given: ClassifierFitOptions,
): ClassifierTraining<TokenizedExample> {
  const read = readFitOptions<ClassifierFitOptions>(given, ["sampling", "emptyTexts", "freezeA"]);
  const { emptyTexts: _, sampling, freezeA = false, ...own } = read;
  const frozen = flag("fit", "freezeA", freezeA) ? freeze(classifier, own) : null;
  const targets = examples.map(({ target }) => target);
  const lesson: Lesson<TokenizedExample> = {
    targets,
    loss: (part, weights, checkpointing) => lossOf(classifier, part, weights, checkpointing, frozen?.applied()),
    memory: (part, checkpointing) => classifier.memory(part, { checkpointing }),
  };
  const { task, options } = trainingOf(classifier, own, lesson, frozen?.params);
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

/** A copy of options, inherited ones too, each read once. Throws `ConfigError` for names that are none. */
export function readFitOptions<T extends LessonOptions>(given: T, more: readonly (keyof T & string)[] = []): T {
  checkOptions("fit", given, [...FIT_OPTIONS, ...LESSON_OPTIONS, ...more]);
  const own: Record<string, unknown> = {};
  for (const name in given) own[name] = given[name];
  return own as unknown as T;
}

/** Throws `ConfigError` where there is no A to leave as it is, or it was given a learning rate. */
function freeze({ graph, modelAdapter }: TextClassifier, { loraPlusRatio }: LessonOptions): FrozenA {
  const problem = modelAdapter === null ? "this classifier has no adapter" : "loraPlusRatio is of A's learning rate";
  if (modelAdapter !== null && loraPlusRatio === undefined) return frozenA(graph, modelAdapter);
  throw new ConfigError(`fit: freezeA leaves the adapter's A as it is, and ${problem}; leave one of them out`, {
    ...{ op: "fit", option: "freezeA" },
  });
}

/**
 * What options make of training a classifier of texts or of tokens. Throws `ConfigError` for those that make no sense.
 * @param trained what of the adapter is; default all of it
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
  return { task, options };
}

/** Adapter and head, where they or their parts have learning rates of their own. */
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
      "fit: loraPlusRatio is of an adapter's A and B, and this classifier has no adapter; leave it out",
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
 * Summed cross entropy of some examples, each weighted by its class where there are weights.
 * @param applied in place of the classifier's adapter: the same with parts of it as constants
 */
export function lossOf(
  { encoder, head, modelAdapter, graph }: TextClassifier,
  examples: readonly TokenizedExample[],
  weights: Float32Array | undefined,
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
