import { checkOptions, or, type Readers, readOptions } from "../arguments/options.js";
import { nonNegative, positive, share, unexpected, whole } from "../arguments/settings.js";
import { ConfigError } from "../errors/errors.js";
import { cosPi, exp, log } from "../values/elementary.js";

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
function afterWarmup(
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
function progressOf(
  name: string,
  { warmup, total }: { readonly warmup: number; readonly total: number },
): (step: number) => number {
  if (!(warmup <= total && total >= 1)) {
    const message = `${name}: warmup is from 0 to total, total from 1; got warmup ${warmup}, total ${total}`;
    throw new ConfigError(message, { op: name, warmup, total });
  }
  return (step) => (step - warmup) / Math.max(1, total - warmup);
}

/** Options of `cosineRestartsSchedule`. */
export interface CosineRestartsOptions extends ScheduleOptions {
  /** Number of half cosines, each from the peak to 0; default 1. */
  readonly cycles?: number;
}

/** Options of `polynomialSchedule`. */
export interface PolynomialOptions extends ScheduleOptions {
  /** Exponent; default 1. */
  readonly power?: number;
  /** Learning rate at the end and after it; default 1e-7. */
  readonly end?: number;
}

/** Options of `inverseSqrtSchedule`. */
export interface InverseSqrtOptions extends Omit<ScheduleOptions, "total"> {
  /** Steps after which the rate has fallen by √2; default: the warm-up's, or 10,000 without one. */
  readonly timescale?: number;
}

/** Options of `stepSchedule`. */
export interface StepScheduleOptions {
  /** Learning rate of the first steps. */
  readonly peak: number;
  /** Steps with the same rate. */
  readonly stepSize: number;
  /** Factor after them; default 0.1. */
  readonly gamma?: number;
}

/** Options of `exponentialSchedule`. */
export interface ExponentialOptions {
  /** Learning rate of the first step. */
  readonly peak: number;
  /** Factor after each step. */
  readonly gamma: number;
}

/** Options of `cosineAnnealingSchedule`. */
export interface CosineAnnealingOptions {
  /** Learning rate of the first step. */
  readonly peak: number;
  /** Steps from the peak to `least`. */
  readonly total: number;
  /** Lowest learning rate; default 0. */
  readonly least?: number;
}

/** Options of `oneCycleSchedule`. */
export interface OneCycleOptions {
  /** Highest learning rate. */
  readonly peak: number;
  /** Total steps, from 2. */
  readonly total: number;
  /** Share of the steps with a rising rate; default 0.3. */
  readonly pctStart?: number;
  /** The first rate is the peak divided by this; default 25. */
  readonly divFactor?: number;
  /** The last rate is the first divided by this; default 10,000. */
  readonly finalDivFactor?: number;
}

const steps = (what: string, name: string, value: unknown) => whole(what, name, value, 1);
const warmed = { peak: nonNegative, warmup: /* @__PURE__ */ or(0, nonNegative) };

const power = (base: number, exponent: number) => (exponent === 0 ? 1 : base === 0 ? 0 : exp(exponent * log(base)));

/** Linear warm-up, then `cycles` times half a cosine from the peak to 0 (transformers' `get_cosine_with_hard_restarts_schedule_with_warmup`). */
export function cosineRestartsSchedule(options: CosineRestartsOptions): Schedule {
  const what = "cosineRestartsSchedule";
  const readers: Readers<Required<CosineRestartsOptions>> = { ...warmed, total: steps, cycles: or(1, whole, 1) };
  const taken = readOptions(what, options, readers);
  const progress = progressOf(what, taken);
  return afterWarmup(what, taken, (step) => {
    const gone = progress(step);
    return gone >= 1 ? 0 : taken.peak * 0.5 * (1 + cosPi((taken.cycles * gone) % 1));
  });
}

/** Linear warm-up, then from the peak to `end` with a power of the remaining share (transformers' `get_polynomial_decay_schedule_with_warmup`). */
export function polynomialSchedule(options: PolynomialOptions): Schedule {
  const what = "polynomialSchedule";
  const readers = { ...warmed, total: steps, power: or(1, positive), end: or(1e-7, nonNegative) };
  const taken = readOptions<Required<PolynomialOptions>>(what, options, readers);
  const { peak, end } = taken;
  if (end > peak) throw unexpected(what, "end", `at most peak ${peak}`, end);
  const progress = progressOf(what, taken);
  return afterWarmup(what, taken, (step) => (peak - end) * power(Math.max(0, 1 - progress(step)), taken.power) + end);
}

/** Linear warm-up, then the peak divided by the square root of the steps (transformers' `get_inverse_sqrt_schedule`). */
export function inverseSqrtSchedule(options: InverseSqrtOptions): Schedule {
  const what = "inverseSqrtSchedule";
  const readers = { ...warmed, timescale: or(0, nonNegative) };
  const taken = readOptions<Required<InverseSqrtOptions>>(what, options, readers);
  const { peak, warmup } = taken;
  const timescale = taken.timescale || warmup || 10_000;
  return afterWarmup(what, taken, (step) => peak / Math.sqrt((step + timescale - warmup) / timescale));
}

/** The peak, multiplied by `gamma` every `stepSize` steps (torch's `StepLR`). */
export function stepSchedule(options: StepScheduleOptions): Schedule {
  const what = "stepSchedule";
  const readers = { peak: nonNegative, stepSize: steps, gamma: or(0.1, nonNegative) };
  const { peak, stepSize, gamma } = readOptions<Required<StepScheduleOptions>>(what, options, readers);
  return (step) => peak * power(gamma, Math.floor(nonNegative(what, "the step", step) / stepSize));
}

/** The peak, multiplied by `gamma` after each step (torch's `ExponentialLR`). */
export function exponentialSchedule(options: ExponentialOptions): Schedule {
  const what = "exponentialSchedule";
  const readers = { peak: nonNegative, gamma: nonNegative };
  const { peak, gamma } = readOptions(what, options, readers);
  return (step) => peak * power(gamma, nonNegative(what, "the step", step));
}

/** Half a cosine from the peak to `least` in `total` steps, then up again (torch's `CosineAnnealingLR`). */
export function cosineAnnealingSchedule(options: CosineAnnealingOptions): Schedule {
  const what = "cosineAnnealingSchedule";
  const readers = { peak: nonNegative, total: steps, least: or(0, nonNegative) };
  const { peak, total, least } = readOptions(what, options, readers);
  return (step) => least + (peak - least) * 0.5 * (1 + cosPi(nonNegative(what, "the step", step) / total));
}

/** A half cosine up to the peak and another far below the first rate (torch's `OneCycleLR`; arXiv 1708.07120). */
export function oneCycleSchedule(options: OneCycleOptions): Schedule {
  const what = "oneCycleSchedule";
  const readers: Readers<Required<OneCycleOptions>> = {
    peak: nonNegative,
    total: (of, name, value) => whole(of, name, value, 2),
    pctStart: or(0.3, share),
    divFactor: or(25, positive),
    finalDivFactor: or(1e4, positive),
  };
  const { peak, total, pctStart, divFactor, finalDivFactor } = readOptions(what, options, readers);
  const [first, top] = [peak / divFactor, pctStart * total - 1];
  const between = (a: number, b: number, gone: number) => b + ((a - b) / 2) * (1 + cosPi(Math.min(1, gone)));
  return (step) => {
    nonNegative(what, "the step", step);
    if (step <= top) return between(first, peak, top > 0 ? step / top : 1);
    return between(peak, first / finalDivFactor, (step - top) / (total - 1 - top));
  };
}
