import type { OptimizerState } from "../optim/optimizer.js";
import type { Schedule } from "../optim/schedules.js";
import type { Tensor } from "../values/tensor.js";

/** How training runs. */
export interface FitOptions {
  /** Optimizer steps in all; default `epochs` times the examples over the batch size. */
  readonly steps?: number;
  /** Passes over the examples, in place of `steps`; default 3. */
  readonly epochs?: number;
  /** Examples a step; default 16. */
  readonly batchSize?: number;
  /** Peak learning rate, 1 at most; default 1e-3. A `schedule` of your own may go beyond. */
  readonly learningRate?: number;
  /** Learning rate by step; default 10 % linear warm-up, then cosine to 0. */
  readonly schedule?: Schedule;
  /** Decoupled weight decay on every parameter; default 0.01. */
  readonly weightDecay?: number;
  /** Limit of the gradients' common norm; default 1, null for none. */
  readonly maxGradNorm?: number | null;
  /** Micro-batches a step is cut into, for less memory and the same result; default 1. */
  readonly accumulate?: number;
  /** Seed of the batches' order; default 0. */
  readonly seed?: number;
  /**
   * Places of each step's examples, a function of the step alone; default epoch after epoch in a new seeded order. Then
   * `batchSize` decides no more than how many steps `epochs` are.
   */
  readonly order?: (step: number) => ArrayLike<number>;
  /** Measures now and then, keeps the best parameters for the end, and stops where they get no better. */
  readonly evaluate?: EvaluateEvery;
  /** Called after every step; a promise that it gives is awaited, and nothing else of it. */
  readonly onProgress?: (event: ProgressEvent) => unknown;
  /** Cancels between two steps: `fit` then rejects with `AbortError` and the parameters stay as the last step left them. */
  readonly signal?: AbortSignal;
  /** Hands over a checkpoint every so many steps, at the end, and when cancelled. */
  readonly checkpoint?: { readonly every: number; readonly save: (checkpoint: Checkpoint) => void | Promise<void> };
  /** Goes on from a checkpoint of the same examples and options, to the same result as without the break. */
  readonly resume?: Checkpoint;
}

/**
 * How training is watched. The parameters that measured best are those that `fit` leaves.
 *
 * @example
 * const measure = async () => (await classifier.evaluate(heldOut, { intervals: false })).loss;
 * await classifier.fit(examples, { steps: 1000, evaluate: { every: 25, measure, patience: 4 } });
 */
export interface EvaluateEvery {
  /** Steps between two measurements. One comes before the first step too, and one after the last. */
  readonly every: number;
  /**
   * Measures the parameters as they are, such as the loss on examples held out: a finite number. It gets the steps done, must
   * not change the parameters, and is not waited for once the signal is aborted.
   */
  readonly measure: (step: number) => number | Promise<number>;
  /** Which values are better; default "lower". */
  readonly better?: "lower" | "higher";
  /** Measurements in a row without a change for the better after which training stops; default: it never does. */
  readonly patience?: number;
  /** What a change must exceed to count against `patience`; the best is kept however little better it is. Default 0. */
  readonly minimumChange?: number;
}

/** A measurement. */
export interface Measurement {
  /** Steps done. */
  readonly step: number;
  /** What `measure` gave. */
  readonly value: number;
}

/** One optimizer step. */
export interface StepRecord {
  /** From 0. */
  readonly step: number;
  /** Mean loss over the step's targets, before the update. */
  readonly loss: number;
  /** Learning rate of this update. */
  readonly learningRate: number;
  /** Common norm of the gradients before clipping. */
  readonly gradNorm: number;
  /** Wall-clock time of forward, backward and update. */
  readonly milliseconds: number;
  /** Real tokens in the batch. */
  readonly tokens: number;
}

/** What a progress bar shows. */
export interface ProgressEvent extends StepRecord {
  /** Steps in all. */
  readonly steps: number;
  /** Mean since the run, or its resumption, began. */
  readonly tokensPerSecond: number;
  /** Expected time to the end at that speed. */
  readonly secondsLeft: number;
}

/** Everything needed to go on. */
export interface Checkpoint {
  /** Steps done. */
  readonly step: number;
  /** Values in the order of the task's `params()`. */
  readonly parameters: readonly Tensor[];
  /** AdamW's moments and step counts. */
  readonly optimizer: OptimizerState;
  /** Random streams that the graph had drawn, so that dropout goes on with the same masks. */
  readonly streams: number;
  /** Every step so far. */
  readonly history: readonly StepRecord[];
  /** Where `evaluate` is given: what was measured so far, and the parameters that measured best. */
  readonly evaluation?: EvaluationState;
  /** @internal Of a run from before LoRA+'s groups were PEFT's: biases, norms and a head's bias have A's rate. */
  readonly slowBiases?: true;
}

/** What a checkpoint keeps of `evaluate`. */
export interface EvaluationState {
  /** Every measurement so far. */
  readonly measured: readonly Measurement[];
  /** After which step the best was measured, and the parameters then, in the order of the task's `params()`; null before the first. */
  readonly best: { readonly step: number; readonly parameters: readonly Tensor[] } | null;
}

/** What training did. */
export interface FitReport {
  /** Every step, those before a resumption included. */
  readonly steps: readonly StepRecord[];
  /** Wall-clock time of the steps, without that of measurements. */
  readonly seconds: number;
  /** Mean over those seconds. */
  readonly tokensPerSecond: number;
  /** Most linear memory ever in use, in bytes. */
  readonly peakMemory: number;
  /** What `evaluate` gave; null where it was not given. */
  readonly evaluation: FitEvaluation | null;
}

/** What `evaluate` gave. */
export interface FitEvaluation {
  /** Every measurement, the one before the first step first. */
  readonly measured: readonly Measurement[];
  /** The best: the parameters are those of this step. */
  readonly best: Measurement;
  /** Whether training stopped before all its steps were done. */
  readonly stoppedEarly: boolean;
}
