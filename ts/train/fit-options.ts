import type { OptimizerState } from "../optim/optimizer.js";
import type { Schedule } from "../optim/schedules.js";
import type { Tensor } from "../values/tensor.js";

/** Options of `fit`. */
export interface FitOptions {
  /** Total optimizer steps; default: from `epochs`, the number of examples and the batch size. */
  readonly steps?: number;
  /** Passes over the examples, instead of `steps`; default 3. */
  readonly epochs?: number;
  /** Examples of a step; default 16. */
  readonly batchSize?: number;
  /** Peak learning rate, at most 1; default 1e-3. A `schedule` may exceed it. */
  readonly learningRate?: number;
  /** Learning rate by step; default: 10 % linear warm-up, then cosine to 0. */
  readonly schedule?: Schedule;
  /** Decoupled weight decay of every parameter; default 0.01. */
  readonly weightDecay?: number;
  /** Maximum of the gradients' common norm; default 1, null for no clipping. */
  readonly maxGradNorm?: number | null;
  /** Micro-batches of a step: less memory, same result; default 1. */
  readonly accumulate?: number;
  /** Seed of the batches' order; default 0. */
  readonly seed?: number;
  /**
   * Indices of each step's examples, as a function of the step only; default: each epoch in a new seeded order. With it, `batchSize` only
   * determines the number of steps of an epoch.
   */
  readonly order?: (step: number) => ArrayLike<number>;
  /** Measures during training, restores the best parameters at the end, and stops early when they no longer improve. */
  readonly evaluate?: EvaluateEvery;
  /** Called after every step. A returned promise is awaited; its value is ignored. */
  readonly onProgress?: (event: ProgressEvent) => unknown;
  /** Cancels between two steps: `fit` rejects with `AbortError`, and the parameters stay as after the last step. */
  readonly signal?: AbortSignal;
  /** Saves checkpoints: every so many steps, at the end, and when cancelled. */
  readonly checkpoint?: { readonly every: number; readonly save: (checkpoint: Checkpoint) => void | Promise<void> };
  /** A checkpoint to resume from, with the same examples and options; the result is the same as without the interruption. */
  readonly resume?: Checkpoint;
}

/**
 * Measurements during training. `fit` ends with the best parameters.
 *
 * @example
 * const measure = async () => (await classifier.evaluate(heldOut, { intervals: false })).loss;
 * await classifier.fit(examples, { steps: 1000, evaluate: { every: 25, measure, patience: 4 } });
 */
export interface EvaluateEvery {
  /** Steps between two measurements. There is also one before the first step and one after the last. */
  readonly every: number;
  /**
   * Measures the current parameters, for example the loss on held-out examples; returns a finite number. Its argument is the number of
   * steps done. It must not change the parameters; `fit` does not wait for it once the signal is aborted.
   */
  readonly measure: (step: number) => number | Promise<number>;
  /** Whether lower or higher values are better; default "lower". */
  readonly better?: "lower" | "higher";
  /** Number of measurements without improvement after which training stops; default: never. */
  readonly patience?: number;
  /** Minimum improvement that counts for `patience`; the best parameters are kept at any improvement. Default 0. */
  readonly minimumChange?: number;
}

/** A measurement. */
export interface Measurement {
  /** Number of steps done. */
  readonly step: number;
  /** Result of `measure`. */
  readonly value: number;
}

/** One optimizer step. */
export interface StepRecord {
  /** Index, from 0. */
  readonly step: number;
  /** Mean loss over the step's targets, before the update. */
  readonly loss: number;
  /** Learning rate of this update. */
  readonly learningRate: number;
  /** Common norm of the gradients, before clipping. */
  readonly gradNorm: number;
  /** Wall-clock time of forward, backward and update, in milliseconds. */
  readonly milliseconds: number;
  /** Tokens in the batch, without padding. */
  readonly tokens: number;
}

/** Progress of training, after a step. */
export interface ProgressEvent extends StepRecord {
  /** Total steps. */
  readonly steps: number;
  /** Mean since the start, or since the run was resumed. */
  readonly tokensPerSecond: number;
  /** Estimated remaining time at that speed, in seconds. */
  readonly secondsLeft: number;
}

/** Everything needed to resume. */
export interface Checkpoint {
  /** Number of steps done. */
  readonly step: number;
  /** Values in the order of the task's `params()`. */
  readonly parameters: readonly Tensor[];
  /** AdamW's moments and step counts. */
  readonly optimizer: OptimizerState;
  /** Number of random streams that the graph had drawn, so that dropout continues with the same masks. */
  readonly streams: number;
  /** All steps so far. */
  readonly history: readonly StepRecord[];
  /** Measurements so far and the best parameters, with `evaluate`. */
  readonly evaluation?: EvaluationState;
}

/** The state of `evaluate` in a checkpoint. */
export interface EvaluationState {
  /** All measurements so far. */
  readonly measured: readonly Measurement[];
  /** The step of the best measurement and its parameters, in the order of the task's `params()`; null before the first. */
  readonly best: { readonly step: number; readonly parameters: readonly Tensor[] } | null;
}

/** Result of `fit`. */
export interface FitReport {
  /** All steps, including those before a resumption. */
  readonly steps: readonly StepRecord[];
  /** Wall-clock time of the steps, without measurements, in seconds. */
  readonly seconds: number;
  /** Mean over that time. */
  readonly tokensPerSecond: number;
  /** Peak of linear memory in use, in bytes. */
  readonly peakMemory: number;
  /** Results of `evaluate`; null without it. */
  readonly evaluation: FitEvaluation | null;
}

/** Results of `evaluate`. */
export interface FitEvaluation {
  /** All measurements; the first is from before the first step. */
  readonly measured: readonly Measurement[];
  /** The best one: the parameters are those of this step. */
  readonly best: Measurement;
  /** Whether training stopped before its last step. */
  readonly stoppedEarly: boolean;
}
