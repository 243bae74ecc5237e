import { type HeldParts, spareForHead } from "../data/dataset.js";
import { fitsHead } from "../result/baseline.js";
import type { Prepared } from "../prepare.js";
import type { ClassifierSettings } from "../spec/training-settings.js";
import type { BatchTokens } from "./batch-tokens.js";

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

/** A run, and the steps that one which goes on has behind it. */
interface Planned extends Pick<Prepared, "steps" | "evaluateEvery"> {
  readonly settings: ClassifierSettings;
  readonly tokens: Pick<BatchTokens, "steps" | "train" | "validation" | "measured">;
  readonly dataset: HeldParts<unknown>;
  readonly done: number | null;
}

/** What a run does, at these speeds. */
export function jobSeconds(
  { settings, steps, tokens, dataset, evaluateEvery, done }: Planned,
  { trained, encoded }: Speed,
): JobSeconds {
  const left = steps - (done ?? 0);
  const counted = tokens.steps.reduce((sum, count) => sum + count, 0);
  const training = steps === 0 ? 0 : (trained * counted * left) / tokens.steps.length;
  // The first is before the first step; a run that goes on has that behind it.
  const evaluations = evaluateEvery === null ? 0 : Math.ceil(left / evaluateEvery) + (done === null ? 1 : 0);
  const learnt = tokens.train + (spareForHead(dataset).length === 0 ? 0 : tokens.validation);
  const texts = tokens.measured + (fitsHead(settings) ? learnt : 0);
  const seconds = {
    baseline: done === null ? encoded * texts : 0,
    training: training + encoded * tokens.validation * evaluations,
    // The head alone was measured as the baseline.
    test: settings.headOnly ? 0 : encoded * tokens.measured,
  };
  return { ...seconds, total: seconds.baseline + seconds.training + seconds.test };
}
