import { checkOptions } from "../arguments/options.js";
import { callable, check, nonNegative, oneOf, positive, unexpected, whole } from "../arguments/settings.js";
import { ConfigError } from "../errors/errors.js";
import type { NodeId } from "../graph/graph.js";
import { type LoraPlusAdapter, loraPlusGroups } from "../optim/lora-plus.js";
import type { OptimizerState, ParameterGroup } from "../optim/optimizer.js";
import { cosineSchedule, type Schedule } from "../optim/schedules.js";
import { integersOf } from "../values/number-list.js";
import type { Tensor } from "../values/tensor.js";
import { checkSignal } from "../waiting/abort.js";

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

/** The options of `fit` with their defaults. */
export type FitSettings = ReturnType<typeof takeFitOptions>;

/** Names of the options. */
export const FIT_OPTIONS: readonly (keyof FitOptions)[] = [
  "steps",
  "epochs",
  "batchSize",
  "learningRate",
  "schedule",
  "weightDecay",
  "maxGradNorm",
  "accumulate",
  "seed",
  "order",
  "evaluate",
  "onProgress",
  "signal",
  "checkpoint",
  "resume",
] as const;

/**
 * Maximum of AdamW's peak learning rate. A step changes every weight by about this much, so above 1 nothing is left of a weight after one
 * step.
 */
export const learningRate = check<number>(
  "a number from 0 to 1 (usual are 1e-4 to 1e-2; a `schedule` of your own may go beyond)",
  (value) => typeof value === "number" && value >= 0 && value <= 1,
);

/** The options with their defaults. Throws `ConfigError` for invalid ones. */
export function takeFitOptions(count: number, options: FitOptions) {
  checkOptions("fit", options, FIT_OPTIONS);
  if (count === 0)
    throw new ConfigError("fit: expected training examples, got an empty list", {
      op: "fit",
      option: "examples",
      length: 0,
    });
  const { onProgress, signal, checkpoint, resume, order, evaluate } = options;
  const batchSize = whole("fit", "batchSize", options.batchSize ?? 16, 1);
  const perEpoch = Math.floor(count / Math.min(batchSize, count));
  if (options.steps !== undefined && options.epochs !== undefined) {
    const message = "fit: steps and epochs both set how long to train; pass only one of them";
    throw new ConfigError(message, { op: "fit", option: "epochs", value: options.epochs });
  }
  const epochs = positive("fit", "epochs", options.epochs ?? 3);
  const steps = whole("fit", "steps", options.steps ?? Math.max(1, Math.round(epochs * perEpoch)), 1);
  const peak = options.learningRate ?? 1e-3;
  // A user's schedule may have any rate.
  const checkPeak = options.schedule === undefined ? learningRate : nonNegative;
  checkPeak("fit", "learningRate", peak);
  const maxGradNorm = options.maxGradNorm === undefined ? 1 : options.maxGradNorm;
  if (onProgress !== undefined) callable("fit", "onProgress", onProgress);
  checkSignal("fit", signal);
  const schedule =
    options.schedule === undefined
      ? cosineSchedule({ peak, warmup: Math.round(steps / 10), total: steps })
      : callable("fit", "schedule", options.schedule);
  return {
    batchSize,
    learningRate: peak,
    weightDecay: nonNegative("fit", "weightDecay", options.weightDecay ?? 0.01),
    accumulate: whole("fit", "accumulate", options.accumulate ?? 1, 1),
    seed: whole("fit", "seed", options.seed ?? 0),
    steps,
    schedule,
    maxGradNorm: maxGradNorm === null ? null : positive("fit", "maxGradNorm", maxGradNorm),
    order: order === undefined ? undefined : checkedOrder(callable("fit", "order", order), count),
    evaluate: evaluate === undefined ? null : takeEvaluate(evaluate),
    onProgress,
    signal,
    checkpoint: checkpoint === undefined ? undefined : takeCheckpointing(checkpoint),
    resume,
  };
}

/** An order whose steps are checked as they come. Throws `ConfigError` if one is not a list of examples' indices. */
function checkedOrder(order: NonNullable<FitOptions["order"]>, count: number): (step: number) => Int32Array {
  return (step) => {
    const { data: places } = integersOf("fit", `order(${step})`, order(step));
    if (places.length === 0) throw unexpected("fit", `order(${step})`, "a list of an example's place at least", places);
    const strange = places.findIndex((place) => place < 0 || place >= count);
    if (strange < 0) return places;
    const expected = `a list of places from 0 to ${count - 1}`;
    throw unexpected("fit", `order(${step})`, expected, places[strange], undefined, { place: strange });
  };
}

/** How checkpoints are saved. */
function takeCheckpointing(checkpoint: NonNullable<FitOptions["checkpoint"]>): NonNullable<FitOptions["checkpoint"]> {
  checkOptions("fit: checkpoint", checkpoint, ["every", "save"]);
  const { every, save } = checkpoint;
  whole("fit", "checkpoint.every", every, 1);
  callable("fit", "checkpoint.save", save);
  return { every, save: (made) => save.call(checkpoint, made) };
}

/** The option with its defaults. */
export type EvaluateSettings = ReturnType<typeof takeEvaluate>;
/** Reads the option. Throws `ConfigError` for invalid values. */
function takeEvaluate(evaluate: EvaluateEvery) {
  checkOptions("fit: evaluate", evaluate, ["every", "measure", "better", "patience", "minimumChange"]);
  const { every, measure, better, patience, minimumChange } = evaluate;
  callable("fit", "evaluate.measure", measure);
  return {
    every: whole("fit", "evaluate.every", every, 1),
    measure: (step: number) => measure.call(evaluate, step),
    sign: oneOf("fit", "evaluate.better", better ?? "lower", ["lower", "higher"]) === "lower" ? 1 : -1,
    patience: patience === undefined ? Infinity : whole("fit", "evaluate.patience", patience, 1),
    minimumChange: nonNegative("fit", "evaluate.minimumChange", minimumChange ?? 0),
  };
}

type Trained = LoraPlusAdapter & Required<Pick<LoraPlusAdapter, "params">>;

/** LoRA+'s ratio. Throws `ConfigError` for one that makes no sense, or by which B would learn at a rate above 1 without a schedule. */
export function loraPlusRatioOf(
  given: number,
  { learningRate: lr = 1e-3, schedule }: Pick<FitOptions, "learningRate" | "schedule">,
): number {
  const ratio = nonNegative("fit", "loraPlusRatio", given);
  if (schedule === undefined)
    learningRate("fit", "loraPlusRatio times learningRate", ratio * learningRate("fit", "learningRate", lr));
  else nonNegative("fit", "learningRate", lr);
  return ratio;
}

/**
 * LoRA+'s groups (`loraPlusGroups`) in the order of the adapter's parameters, and of others behind them, as a task gives them. Throws as
 * `loraPlusRatioOf`.
 */
export function loraPlusInOrder(
  adapter: Trained,
  given: number,
  options: Pick<FitOptions, "learningRate" | "schedule">,
  others: readonly NodeId[] = [],
): ParameterGroup[] {
  const [ratio, lr] = [loraPlusRatioOf(given, options), options.learningRate ?? 1e-3];
  const ofNode = new Map<NodeId, Omit<ParameterGroup, "params">>();
  for (const { params, ...settings } of loraPlusGroups(adapter, { lr, ratio, others }))
    for (const id of params) ofNode.set(id, settings);
  return [...adapter.params(), ...others].map((id) => ({ params: [id], ...ofNode.get(id) }));
}
