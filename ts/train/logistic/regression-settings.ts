import type { Tensor } from "../../values/tensor.js";

/** Options of `fitLogisticRegression`. */
export interface LogisticRegressionOptions {
  /**
   * scikit-learn's C: weight of the examples' summed loss relative to ½·|weight|². Default: chosen on held-out examples.
   */
  readonly regularisation?: number;
  /**
   * Weights of the classes. "balanced": every class the same, whatever its number of examples; or a positive number for each class, as in
   * scikit-learn. Default "none": every example the same.
   */
  readonly classWeights?: "none" | "balanced" | readonly number[];
  /** Seed of the choice of held-out examples; default 0. */
  readonly seed?: number;
  /** Group of each example, as in `splitExamples`: those of a group are held out together. Default: no groups. */
  readonly groups?: readonly (string | number)[];
  /** Called after each fit, first with `done` 0 and last with all done; `total` is the maximum. */
  readonly onProgress?: (event: { readonly done: number; readonly total: number; readonly loss: number }) => void;
  /** Cancels: rejects with `AbortError` within about 20 ms. */
  readonly signal?: AbortSignal;
}

/** A fitted head, for `ClassificationHead`, and details of the fit. */
export interface LogisticRegression {
  /** `[hidden, classes]` */
  readonly weight: Tensor;
  /** `[classes]` */
  readonly bias: Tensor;
  /** C, given or chosen. */
  readonly regularisation: number;
  /** L-BFGS iterations of the last fit, on all examples. */
  readonly iterations: number;
}

/** Progress of a fit. */
export type Progress = Parameters<NonNullable<LogisticRegressionOptions["onProgress"]>>[0];

/** The options, checked. */
export interface RegressionSettings<P = Progress> {
  readonly regularisation?: number;
  readonly classWeights: "none" | "balanced" | readonly number[];
  readonly seed: number;
  readonly groups?: readonly (string | number)[];
  readonly onProgress?: (event: P) => void;
  readonly signal?: AbortSignal;
}
