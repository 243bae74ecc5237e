import type { ModelAdapter } from "../adapters/model-adapter.js";
import { checkOptions } from "../arguments/options.js";
import { notExpected, oneOf } from "../arguments/settings.js";
import type { Graph, NodeId } from "../graph/graph.js";
import { inferTexts, rowsOf, tokenized } from "../models/sentence/inference.js";
import type { ClassificationHead } from "../nn/classification-head.js";
import { claimParameters } from "../train/claims.js";
import {
  fitLogisticRegression,
  type LogisticRegression,
  type LogisticRegressionOptions,
  type RegressionSettings,
  takeRegressionOptions,
} from "../train/logistic/logistic-regression.js";
import { balanceOf, type ClassWeights } from "./class-weights.js";
import type { TextClassifier } from "./text-classifier.js";

/** How far `fitHead` is. */
export interface FitHeadProgress {
  /** Texts are encoded, then heads are fitted, with one strength of regularisation after the other. */
  readonly phase: "encode" | "fit";
  /** Texts or heads done. */
  readonly done: number;
  /** Of how many, at most. */
  readonly total: number;
}

/** How a head is fitted. */
export interface FitHeadOptions extends Omit<LogisticRegressionOptions, "onProgress" | "classWeights" | "groups"> {
  /** How much the examples of each class count, as in `fit`; default "none": all the same. */
  readonly classWeights?: "none" | ClassWeights;
  /** "balanced": every class counts as if it had as many examples as any other, to go with the same option of `fit`. */
  readonly sampling?: "balanced";
  /** "keep": learn from empty texts too; default "refuse": they are named, since they are mostly a mistake in the data. */
  readonly emptyTexts?: "refuse" | "keep";
  /** Called after each batch of texts and each head. */
  readonly onProgress?: (event: FitHeadProgress) => void;
}

/** What `fitHead` did. */
export type FitHeadReport = Pick<LogisticRegression, "regularisation" | "iterations">;

/** Options that classifiers of texts and of tokens have. */
const COMMON_OPTIONS = ["regularisation", "classWeights", "seed", "onProgress", "signal"];

/**
 * A checked copy. Throws `ConfigError` for options that make no sense, and for weights of other labels than there are.
 * @param more names of those that only this classifier has
 */
export function takeFitHeadOptions(
  what: string,
  options: FitHeadOptions,
  labels: readonly string[],
  targets: readonly number[],
  more: readonly (keyof FitHeadOptions)[],
): RegressionSettings<FitHeadProgress> {
  checkOptions(what, options, [...COMMON_OPTIONS, ...more]);
  const { classWeights = "none", sampling, regularisation, seed, onProgress, signal } = options;
  const rest = { regularisation, seed, onProgress, signal };
  if (sampling !== undefined) oneOf(what, "sampling", sampling, ["balanced"]);
  const weights = classWeights === "none" ? null : classWeights;
  const balance = balanceOf({ classWeights: weights, sampling }, labels, targets, what);
  return takeRegressionOptions<FitHeadProgress>(what, { ...rest, classWeights: balance });
}

/** The best head on the vectors of some texts, as a classifier's head gets them: pooled, and scaled by nothing. */
export async function fitToTexts(
  { encoder, tokenizer, labels }: Pick<TextClassifier, "encoder" | "tokenizer" | "labels">,
  adapter: ModelAdapter | null,
  texts: readonly string[],
  targets: readonly number[],
  settings: RegressionSettings<FitHeadProgress>,
): Promise<LogisticRegression> {
  if (texts.length === 0) throw notExpected("fitHead", "one example or more to learn from", texts);
  const { graph } = encoder;
  const read = rowsOf(graph, (pooled) => pooled);
  const events = encodingEvents(settings, texts.length);
  const vectors = await inferTexts(encoder, tokenized(tokenizer, texts), adapter, read, events);
  return fitToVectors(graph, vectors, targets, labels.length, settings);
}

/** What is told while so many texts are encoded. */
export const encodingEvents = ({ onProgress, signal }: RegressionSettings<FitHeadProgress>, total: number) => ({
  signal,
  onProgress: (done: number) => onProgress?.({ phase: "encode", done, total }),
});

/** The best head on vectors, with progress as `fitHead` tells it. */
export function fitToVectors(
  graph: Graph,
  vectors: readonly Float32Array[],
  targets: readonly number[],
  classes: number,
  { onProgress, signal, ...rest }: RegressionSettings<FitHeadProgress>,
): Promise<LogisticRegression> {
  return fitLogisticRegression(graph, vectors, targets, classes, {
    ...rest,
    ...(signal && { signal }),
    onProgress: ({ done, total }) => onProgress?.({ phase: "fit", done, total }),
  });
}

/** Puts what is fitted into a head, which no other training changes meanwhile; where that throws, the head is as before. */
export async function setFitted(
  { graph, weight, bias }: ClassificationHead,
  params: readonly NodeId[],
  fitting: () => Promise<LogisticRegression>,
): Promise<FitHeadReport> {
  const release = claimParameters(graph, params);
  try {
    const fitted = await fitting();
    graph.setValue(weight, fitted.weight);
    graph.setValue(bias, fitted.bias);
    return { regularisation: fitted.regularisation, iterations: fitted.iterations };
  } finally {
    release();
  }
}
