import { ConfigError } from "../errors/errors.js";
import { checkOptions } from "../arguments/options.js";
import { nonNegative, positive } from "../arguments/settings.js";
import { cosPi } from "../values/elementary.js";

/** Learning rate of a step; the first step is 0. */
export type Schedule = (step: number) => number;

/** Options of a schedule. */
export interface ScheduleOptions {
  /** Highest learning rate. */
  readonly peak: number;
  /** Steps of linear warm-up from 0; default 0. */
  readonly warmup?: number;
  /** Total steps. After them, a linear schedule stays at 0 and a cosine rises again, as in transformers. */
  readonly total: number;
}

const names = ["peak", "warmup", "total"];

/** Linear warm-up, then half a cosine down to 0 (transformers' `get_cosine_schedule_with_warmup`). */
export function cosineSchedule(options: ScheduleOptions): Schedule {
  return withWarmup("cosineSchedule", options, true, (progress) => 0.5 * (1 + cosPi(progress)));
}

/** Linear warm-up, then a straight line down to 0 (transformers' `get_linear_schedule_with_warmup`). */
export function linearSchedule(options: ScheduleOptions): Schedule {
  return withWarmup("linearSchedule", options, true, (progress) => 1 - progress);
}

/** Linear warm-up, then constant (transformers' `get_constant_schedule_with_warmup`); `total` has no effect. */
export function constantSchedule(options: Omit<ScheduleOptions, "total">): Schedule {
  return withWarmup("constantSchedule", options, false, () => 1);
}

function withWarmup(
  name: string,
  options: Omit<ScheduleOptions, "total"> & { readonly total?: number },
  ends: boolean,
  decay: (progress: number) => number,
): Schedule {
  checkOptions(name, options, names);
  const { peak, warmup = 0, total: given } = options;
  const total = ends ? positive(name, "total", given) : Infinity;
  nonNegative(name, "peak", peak);
  nonNegative(name, "warmup", warmup);
  const progress = progressOf(name, { warmup, total });
  return afterWarmup(name, { peak, warmup }, (step) => peak * Math.max(0, decay(progress(step))));
}

/** The rate of a step, which is checked; linear from 0 during the warm-up. */
export function afterWarmup(
  name: string,
  { peak, warmup }: { readonly peak: number; readonly warmup: number },
  after: (step: number) => number,
): Schedule {
  return (step) => (nonNegative(name, "the step", step) < warmup ? (peak * step) / warmup : after(step));
}

/**
 * Share of the steps after the warm-up that are done. Throws `ConfigError` if the warm-up is longer than the total, or the total is less
 * than one step.
 */
export function progressOf(
  name: string,
  { warmup, total }: { readonly warmup: number; readonly total: number },
): (step: number) => number {
  if (!(warmup <= total && total >= 1)) {
    const message = `${name}: warmup is from 0 to total, total from 1; got warmup ${warmup}, total ${total}`;
    throw new ConfigError(message, { op: name, warmup, total });
  }
  return (step) => (step - warmup) / Math.max(1, total - warmup);
}
