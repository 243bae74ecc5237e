import type { ModelAdapter } from "../adapters/model-adapter.js";
import { notExpected } from "../arguments/settings.js";
import type { SentenceEncoder } from "../models/sentence/sentence-encoder.js";
import {
  fitLogisticRegression,
  type LogisticRegression,
  type LogisticRegressionOptions,
  type RegressionSettings,
  takeRegressionOptions,
} from "../train/logistic-regression.js";

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
export interface FitHeadOptions extends Omit<LogisticRegressionOptions, "onProgress"> {
  /** Called after each batch of texts and each head. */
  readonly onProgress?: (event: FitHeadProgress) => void;
}

/** What `fitHead` did. */
export type FitHeadReport = Pick<LogisticRegression, "regularisation" | "iterations">;

/** A checked copy. Throws `ConfigError` for options that make no sense. */
export function takeFitHeadOptions(what: string, options: FitHeadOptions): RegressionSettings<FitHeadProgress> {
  return takeRegressionOptions<FitHeadProgress>(what, options);
}

/** The best head on the vectors of some texts, as a classifier's head gets them: pooled, and scaled by nothing. */
export async function fitToTexts(
  encoder: SentenceEncoder,
  adapter: ModelAdapter | null,
  texts: readonly string[],
  targets: readonly number[],
  classes: number,
  { onProgress, signal, ...rest }: RegressionSettings<FitHeadProgress>,
): Promise<LogisticRegression> {
  if (texts.length === 0) throw notExpected("fitHead", "one example or more to learn from", texts);
  const told = (phase: FitHeadProgress["phase"]) => (done: number, total: number) =>
    onProgress?.({ phase, done, total });
  const [encoded, fitted] = [told("encode"), told("fit")];
  const vectors = await encoder.infer(texts, (pooled) => pooled, {
    adapter,
    signal,
    onProgress: (done) => encoded(done, texts.length),
  });
  return fitLogisticRegression(encoder.graph, vectors, targets, classes, {
    ...rest,
    ...(signal && { signal }),
    onProgress: ({ done, total }) => fitted(done, total),
  });
}
