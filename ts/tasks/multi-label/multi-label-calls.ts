import { checkOptions } from "../../arguments/options.js";
import { nonNegative, notExpected, oneOf, positive, whole } from "../../arguments/settings.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import type { ForwardOptions } from "../../models/architecture.js";
import { raggedBatch } from "../../models/ragged-batch.js";
import { inferTexts, rowsOf, tokenized } from "../../models/sentence/inference.js";
import type { TextTokenizer } from "../../tokenize/text-tokenizer.js";
import { binaryMetrics } from "../../train/evaluators/binary-metrics.js";
import { multiLabelMetrics, type MultiLabelMetrics } from "../../train/evaluators/multi-label-metrics.js";
import type { FitReport } from "../../train/fit-options.js";
import { fit } from "../../train/fit.js";
import { fitLogisticRegression } from "../../train/logistic/logistic-regression.js";
import { logSigmoids, weightedSum } from "../../train/losses/loss-parts.js";
import type { BatchLoss } from "../../train/task.js";
import { exp, log } from "../../values/elementary.js";
import type { Tensor } from "../../values/tensor.js";
import { type ClassWeights, weightsByLabel } from "../head/class-weights.js";
import {
  type ClassifierFitOptions,
  type ClassifierTraining,
  emptyTextsOf,
  readFitOptions,
  refuseEmpty,
  type TrainedTextClassifier,
  trainingOf,
} from "../head/classifier-training.js";
import { type FitHeadOptions, type FitHeadReport, setFitted } from "../head/fit-head.js";
import { sigmoids } from "../head/prediction.js";
import { type LabelRow, labelRows, type MultiLabelExample } from "./listed-examples.js";

// Calls of a `TextClassifier` with several labels a text; loaded when one is used.

type Classifier = TrainedTextClassifier & { readonly tokenizer: TextTokenizer };

/** A text as the model reads it, with its labels. */
export interface TokenizedLabels {
  readonly ids: Int32Array;
  readonly row: LabelRow;
}

/** Summed binary cross entropy of examples; its mean is over texts and labels. */
function listLoss(
  { encoder, head, modelAdapter, graph }: TrainedTextClassifier,
  examples: readonly TokenizedLabels[],
  weights: readonly number[],
  options: ForwardOptions,
): BatchLoss {
  const batch = raggedBatch(examples.map(({ ids }) => ids));
  const logits = head.logits(encoder.pooled(batch, modelAdapter, options));
  const rows = examples.map(({ row }) => row);
  const targets = rows.length * weights.length;
  return { sum: labelLoss(graph, logits, rows, weights), targets, tokens: batch.ids.length };
}

/** The training by a classifier's options. Throws `ConfigError` for invalid ones. */
export function takeListTraining(
  classifier: TrainedTextClassifier,
  examples: readonly TokenizedLabels[],
  given: Omit<ClassifierFitOptions, "sampling" | "freezeA">,
): ClassifierTraining<TokenizedLabels> {
  const { emptyTexts: _, classWeights, ...own } = readFitOptions<ClassifierFitOptions>(given, ["emptyTexts"]);
  const rows = examples.map(({ row }) => row);
  const weights = posWeightsOf(classWeights, classifier.labels, rows);
  return trainingOf<TokenizedLabels>(classifier, own, {
    targets: [],
    loss: (part, _, checkpointing) => listLoss(classifier, part, weights, { checkpointing }),
    memory: (part, checkpointing) =>
      classifier.memory(
        part.map(({ ids }) => ({ ids, target: 0 })),
        { checkpointing },
      ),
  });
}

/** `TextClassifier.fit` */
export async function fitLists(
  classifier: Classifier,
  examples: readonly MultiLabelExample[],
  options: ClassifierFitOptions,
): Promise<FitReport> {
  refuseEmpty("fit", examples, emptyTextsOf(options));
  const rows = labelRows(
    classifier.labels,
    examples.map(({ labels }) => labels),
  );
  const { tokenizer } = classifier;
  const prepared = examples.map(({ text }, i): TokenizedLabels => {
    let tokens: Int32Array | undefined;
    return {
      row: rows[i]!,
      get ids() {
        return (tokens ??= tokenizer.encode(text));
      },
    };
  });
  const { task, options: rest } = takeListTraining(classifier, prepared, options);
  return fit(task, prepared, rest);
}

/** `TextClassifier.fitHead` */
export async function fitListHead(
  classifier: Classifier,
  examples: readonly MultiLabelExample[],
  options: FitHeadOptions,
): Promise<FitHeadReport> {
  const what = "fitHead";
  checkOptions(what, options, ["regularisation", "classWeights", "seed", "onProgress", "signal", "emptyTexts"]);
  const { regularisation, classWeights = "none", seed = 0, onProgress, signal, emptyTexts } = options;
  refuseEmpty(what, examples, emptyTexts);
  if (regularisation !== undefined) positive(what, "regularisation", regularisation);
  whole(what, "seed", seed);
  if (examples.length === 0) throw notExpected(what, "one training example or more", examples);
  const { labels, encoder, graph, head, modelAdapter, tokenizer } = classifier;
  const rows = labelRows(
    labels,
    examples.map((example) => example.labels),
  );
  const weights = posWeightsOf(classWeights === "none" ? null : classWeights, labels, rows, what);
  const params = [...(modelAdapter?.params() ?? []), ...head.params()];
  return setFitted(head, params, async () => {
    const texts = tokenized(
      tokenizer,
      examples.map(({ text }) => text),
    );
    const total = examples.length;
    const vectors = await inferTexts(
      encoder,
      texts,
      modelAdapter,
      rowsOf(graph, (pooled) => pooled),
      {
        signal,
        onProgress: (done) => onProgress?.({ phase: "encode", done, total }),
      },
    );
    const told = { onProgress: (event: { done: number; total: number }) => onProgress?.({ phase: "fit", ...event }) };
    return fitOneVsRest(graph, vectors, rows, weights, { seed, regularisation, signal, ...told });
  });
}

/** `TextClassifier.evaluate`, from logits. */
export function evaluateLists(
  labels: readonly string[],
  thresholds: readonly number[],
  examples: readonly MultiLabelExample[],
  logits: readonly Float32Array[],
): MultiLabelResult {
  return measureLabels(logits, rowsOfExamples(labels, examples), thresholds);
}

/** `TextClassifier.chooseThresholds`, from logits. */
export const thresholdsFrom = (
  labels: readonly string[],
  examples: readonly MultiLabelExample[],
  logits: readonly Float32Array[],
): number[] => bestThresholds(logits, rowsOfExamples(labels, examples));

const rowsOfExamples = (labels: readonly string[], examples: readonly MultiLabelExample[]) =>
  labelRows(
    labels,
    examples.map((example) => example.labels),
  );

/**
 * PyTorch's pos_weight, by label: the weight of texts that have it. "balanced": texts without the label per text with it, 1 where there is
 * none. Throws `ConfigError` for unknown labels and for weights that are not numbers from 0.
 */
export function posWeightsOf(
  given: ClassWeights | null | undefined,
  labels: readonly string[],
  rows: readonly LabelRow[],
  op = "fit",
): number[] {
  if (given === undefined || given === null) return labels.map(() => 1);
  if (typeof given === "string") {
    oneOf(op, "classWeights", given, ["balanced"]);
    return labels.map((_, place) => {
      const count = rows.reduce((sum, row) => sum + row[place]!, 0);
      return count === 0 || count === rows.length ? 1 : (rows.length - count) / count;
    });
  }
  return weightsByLabel(op, given, labels, (option, value) => nonNegative(op, option, value));
}

/** Summed binary cross entropy with logits `[texts, labels]`: Σ −w·y·log σ(z) − (1 − y)·log σ(−z). */
function labelLoss(graph: Graph, logits: NodeId, rows: readonly LabelRow[], weights: readonly number[]): NodeId {
  const size = rows.length * weights.length;
  const factors = rows.flatMap((row) => weights.flatMap((weight, place) => [-weight * row[place]!, row[place]! - 1]));
  return weightedSum(graph, logSigmoids(graph, graph.reshape(logits, [size]), size), [size, 2], factors);
}

/** Scores of predicted sets of labels, with the loss. */
export interface MultiLabelResult extends MultiLabelMetrics {
  /** Number of texts. */
  readonly count: number;
  /** Mean binary cross entropy over texts and labels. */
  readonly loss: number;
}

/** −log of the probability of what is true. */
const surprise = (logit: number, has: number) => {
  const against = has === 0 ? logit : -logit;
  return Math.max(against, 0) + log(1 + exp(-Math.abs(against)));
};

/** Measures logits, one row a text. */
export function measureLabels(
  logits: readonly ArrayLike<number>[],
  rows: readonly LabelRow[],
  thresholds: readonly number[],
): MultiLabelResult {
  const probabilities = logits.map((row, i) => sigmoids(row, `text ${i}`));
  let loss = 0;
  logits.forEach((row, i) => rows[i]!.forEach((has, place) => (loss += surprise(row[place]!, has))));
  const metrics = multiLabelMetrics(probabilities, rows, { threshold: [...thresholds] });
  return { count: rows.length, loss: loss / (rows.length * thresholds.length), ...metrics };
}

/** Least texts of a label: with fewer, chance decides its threshold. */
const ENOUGH = 8;

/**
 * The threshold of each label with the highest F1. A label with fewer than 8 texts gets the threshold with the highest micro F1 of all
 * labels, 0.5 if no text has any.
 */
export function bestThresholds(logits: readonly ArrayLike<number>[], rows: readonly LabelRow[]): number[] {
  const probabilities = logits.map((row, i) => sigmoids(row, `text ${i}`));
  const best = (scores: readonly number[], truth: readonly number[]) => binaryMetrics(scores, truth).f1Threshold;
  const all = rows.flatMap((row) => [...row]);
  const common = all.includes(1) ? best(probabilities.flat(), all) : 0.5;
  return Array.from(rows[0]!, (_, place) => {
    const truth = rows.map((row) => row[place]!);
    const count = truth.reduce((sum, has) => sum + has, 0);
    if (count < ENOUGH) return common;
    return best(
      probabilities.map((row) => row[place]!),
      truth,
    );
  });
}

/** Options of `fitOneVsRest`. */
interface OneVsRestOptions {
  readonly seed?: number | undefined;
  /** C; default: chosen by held-out loss. */
  readonly regularisation?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((event: { readonly done: number; readonly total: number }) => void) | undefined;
}

/** A head with one logit a label. */
export interface OneVsRest {
  /** `[hidden, labels]` */
  readonly weight: Tensor;
  /** `[labels]` */
  readonly bias: Tensor;
  /** The C of all labels: given, or the geometric mean of those chosen. */
  readonly regularisation: number;
  readonly iterations: number;
}

/** Number of the most frequent labels for which C is chosen; the others have the geometric mean of theirs. */
const CHOSEN = 8;
/** A label that no text has counts as this share of a text. */
const SHARE_OF_NONE = 0.5;

/**
 * A logistic regression for each label, fitted to convergence, as scikit-learn's `OneVsRestClassifier(LogisticRegression(C))`, where texts
 * that have the label count with its weight.
 */
export async function fitOneVsRest(
  graph: Graph,
  vectors: readonly Float32Array[],
  rows: readonly LabelRow[],
  weights: readonly number[],
  { seed, regularisation, signal, onProgress }: OneVsRestOptions = {},
): Promise<OneVsRest> {
  const [hidden, total, count] = [vectors[0]!.length, weights.length, rows.length];
  const weight = new Float32Array(hidden * total);
  const bias = new Float32Array(total);
  const having = weights.map((_, place) => rows.reduce((sum, row) => sum + row[place]!, 0));
  const mixed = having.map((some, place) => [some, place] as const).filter(([some]) => some > 0 && some < count);
  // The rarer of both answers says how much there is to fit to.
  mixed.sort(([a, one], [b, other]) => Math.min(b, count - b) - Math.min(a, count - a) || one - other);
  let [logs, iterations] = [0, 0];
  for (const [done, [, place]] of mixed.entries()) {
    const chosen = Math.min(done, CHOSEN);
    const given = regularisation ?? (done < CHOSEN ? undefined : exp(logs / chosen));
    const fitted = await fitLogisticRegression(
      graph,
      vectors,
      rows.map((row) => row[place]!),
      2,
      {
        ...(seed !== undefined && { seed }),
        ...(given !== undefined && { regularisation: given }),
        ...(signal && { signal }),
        ...(weights[place] !== 1 && { classWeights: [1, Math.max(weights[place]!, LEAST_WEIGHT)] }),
      },
    );
    if (done < CHOSEN) logs += log(fitted.regularisation);
    iterations = Math.max(iterations, fitted.iterations);
    for (let i = 0; i < hidden; i++)
      weight[i * total + place] = fitted.weight.data[2 * i + 1]! - fitted.weight.data[2 * i]!;
    bias[place] = fitted.bias.data[1]! - fitted.bias.data[0]!;
    onProgress?.({ done: done + 1, total: mixed.length });
  }
  having.forEach((some, place) => {
    if (some === 0) bias[place] = log(SHARE_OF_NONE / count);
    else if (some === count) bias[place] = -log(SHARE_OF_NONE / count);
  });
  const usual = mixed.length === 0 ? 1 : exp(logs / Math.min(mixed.length, CHOSEN));
  return {
    weight: { shape: [hidden, total], data: weight },
    bias: { shape: [total], data: bias },
    regularisation: regularisation ?? usual,
    iterations,
  };
}

/** Weight in place of 0, which a regression does not accept. */
const LEAST_WEIGHT = 1e-12;
