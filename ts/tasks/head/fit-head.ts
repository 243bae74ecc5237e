import type { ModelAdapter } from "../../adapters/model-adapter.js";
import { checkOptions } from "../../arguments/options.js";
import { notExpected, oneOf } from "../../arguments/settings.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import { inferTexts, rowsOf, tokenized } from "../../models/sentence/inference.js";
import type { ClassificationHead } from "../../nn/classification-head.js";
import { claimParameters } from "../../train/task.js";
import type {
  LogisticRegression,
  LogisticRegressionOptions,
  RegressionSettings,
} from "../../train/logistic/head-fit.js";
import { fitLogisticRegression, takeRegressionOptions } from "../../train/logistic/logistic-regression.js";
import { balanceOf, type ClassWeights } from "./class-weights.js";
import type { ClassifierParts } from "./classifier-parts.js";

/** Progress of `fitHead`. */
export interface FitHeadProgress {
  /** Texts are encoded first; then heads are fitted, one for each regularisation strength. */
  readonly phase: "encode" | "fit";
  /** Number of texts or heads done. */
  readonly done: number;
  /** The maximum of that. */
  readonly total: number;
}

/** Options of `fitHead`. */
export interface FitHeadOptions extends Omit<LogisticRegressionOptions, "onProgress" | "classWeights" | "groups"> {
  /** Weights of the classes, as in `fit`; default "none": all the same. */
  readonly classWeights?: "none" | ClassWeights;
  /** "balanced": every class counts as if it had as many examples as any other, as with the same option of `fit`. */
  readonly sampling?: "balanced";
  /** "keep": train on empty texts too; default "refuse": throw and list them, since they are usually a mistake in the data. */
  readonly emptyTexts?: "refuse" | "keep";
  /** Called after each batch of texts and each head. */
  readonly onProgress?: (event: FitHeadProgress) => void;
}

/** Result of `fitHead`. */
export type FitHeadReport = Pick<LogisticRegression, "regularisation" | "iterations">;

/** Options for classifiers of texts and of tokens. */
const COMMON_OPTIONS = ["regularisation", "classWeights", "seed", "onProgress", "signal"];

/**
 * A checked copy. Throws `ConfigError` for invalid options, and for weights of unknown labels.
 * @param more names of options that only this classifier has
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

/** The best head on the vectors of texts, pooled and not scaled. */
export async function fitToTexts(
  { encoder, tokenizer, labels }: Pick<ClassifierParts, "encoder" | "tokenizer" | "labels">,
  adapter: ModelAdapter | null,
  texts: readonly string[],
  targets: readonly number[],
  settings: RegressionSettings<FitHeadProgress>,
): Promise<LogisticRegression> {
  if (texts.length === 0) throw notExpected("fitHead", "one training example or more", texts);
  const { graph } = encoder;
  const read = rowsOf(graph, (pooled) => pooled);
  const events = encodingEvents(settings, texts.length);
  const vectors = await inferTexts(encoder, tokenized(tokenizer, texts), adapter, read, events);
  return fitToVectors(graph, vectors, targets, labels.length, settings);
}

/** Progress of encoding a number of texts. */
export const encodingEvents = ({ onProgress, signal }: RegressionSettings<FitHeadProgress>, total: number) => ({
  signal,
  onProgress: (done: number) => onProgress?.({ phase: "encode", done, total }),
});

/** The best head on vectors, with progress as in `fitHead`. */
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

/** Sets a head's values to the fitted ones; no other training may change it meanwhile. On an error the head is as before. */
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
