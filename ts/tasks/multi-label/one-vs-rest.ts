import type { Graph } from "../../graph/graph.js";
import { fitLogisticRegression } from "../../train/logistic/logistic-regression.js";
import { exp, log } from "../../values/elementary.js";
import type { Tensor } from "../../values/tensor.js";
import type { LabelRow } from "./listed-examples.js";

/** Options of the fit. */
export interface OneVsRestOptions {
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
