import { ConfigError } from "../errors.js";

/** Learning rate of a step, the first being 0. */
export type Schedule = (step: number) => number;

/** Settings of a schedule. */
export interface ScheduleOptions {
  /** Highest learning rate. */
  readonly peak: number;
  /** Steps of linear warm-up from 0; default 0. */
  readonly warmup?: number;
  /** Steps in all. Later ones are not asked for; there a line stays at 0 and a cosine rises again, as in transformers. */
  readonly total: number;
}

/** Linear warm-up, then half a cosine down to 0 (transformers' `get_cosine_schedule_with_warmup`). */
export function cosineSchedule(options: ScheduleOptions): Schedule {
  return withWarmup("cosineSchedule", options, (progress) => 0.5 * (1 + Math.cos(Math.PI * progress)));
}

/** Linear warm-up, then a straight line down to 0 (transformers' `get_linear_schedule_with_warmup`). */
export function linearSchedule(options: ScheduleOptions): Schedule {
  return withWarmup("linearSchedule", options, (progress) => 1 - progress);
}

/** Linear warm-up, then the peak for ever (transformers' `get_constant_schedule_with_warmup`). */
export function constantSchedule({ peak, warmup = 0 }: Omit<ScheduleOptions, "total">): Schedule {
  return withWarmup("constantSchedule", { peak, warmup, total: Infinity }, () => 1);
}

function withWarmup(
  name: string,
  { peak, warmup = 0, total }: ScheduleOptions,
  decay: (progress: number) => number,
): Schedule {
  if (!(Number.isFinite(peak) && peak >= 0))
    throw new ConfigError(`${name}: peak is a number from 0, got ${String(peak)}`);
  if (!(warmup >= 0 && total >= 1 && warmup <= total)) {
    throw new ConfigError(`${name}: warmup is from 0 to total, total from 1; got warmup ${warmup}, total ${total}`);
  }
  return (step) => {
    if (step < warmup) return (peak * step) / warmup;
    const progress = (step - warmup) / Math.max(1, total - warmup);
    return peak * Math.max(0, decay(progress));
  };
}
