import { checkOptions } from "../arguments/options.js";
import { callable, check, nonNegative, positive, unexpected, whole } from "../arguments/settings.js";
import { ConfigError } from "../errors/errors.js";
import { cosineSchedule } from "../optim/schedules.js";
import { integersOf } from "../values/number-list.js";
import { checkSignal } from "../waiting/abort.js";
import { takeEvaluate } from "./evaluation.js";
import type { FitOptions } from "./fit-options.js";

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
