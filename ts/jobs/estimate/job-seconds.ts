import { fitsHead } from "../result/baseline.js";
import type { Prepared } from "../prepare.js";
import { evaluateEveryOf } from "../spec/training-settings.js";

/** Seconds of the baseline, of training with the measurements on the way, of the test at the end, and of all. */
export interface JobSeconds {
  /** 0 for a run that goes on. */
  readonly baseline: number;
  /** Of the steps that are left. */
  readonly training: number;
  /** 0 where only the head is fitted, which the baseline measures. */
  readonly test: number;
  /** The sum. */
  readonly total: number;
}

/** Seconds a token. */
interface Speed {
  readonly trained: number;
  readonly encoded: number;
}

/** What a run does, at these speeds. */
export function jobSeconds(
  { settings, steps, tokens, done }: Pick<Prepared, "settings" | "steps" | "tokens"> & { readonly done: number | null },
  { trained, encoded }: Speed,
): JobSeconds {
  const left = steps - (done ?? 0);
  const counted = tokens.steps.reduce((sum, count) => sum + count, 0);
  const training = steps === 0 ? 0 : (trained * counted * left) / tokens.steps.length;
  const every = steps === 0 ? null : evaluateEveryOf(settings, steps);
  // The first is before the first step; a run that goes on has that behind it.
  const evaluations = every === null ? 0 : Math.ceil(left / every) + (done === null ? 1 : 0);
  const texts = tokens.measured + (fitsHead(settings) ? tokens.train : 0);
  const seconds = {
    baseline: done === null ? encoded * texts : 0,
    training: training + encoded * tokens.validation * evaluations,
    // The head alone was measured as the baseline.
    test: settings.headOnly ? 0 : encoded * tokens.measured,
  };
  return { ...seconds, total: seconds.baseline + seconds.training + seconds.test };
}
