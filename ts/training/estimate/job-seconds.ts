/** Seconds of the parts of a run, and of all. */
export interface JobSeconds {
  /** 0 for a run that is resumed. */
  readonly baseline: number;
  /** Of the steps that are left, with the measurements on the way. */
  readonly training: number;
  /** Of those, the measurements. */
  readonly validation: number;
  /** Of what is measured at the end; 0 where that was measured before. */
  readonly test: number;
  /** The sum of baseline, training and test. */
  readonly total: number;
}

/** Seconds a token. */
interface Speed {
  readonly trained: number;
  readonly measured: number;
}

/** A run, and the steps that one which is resumed has done. */
export interface PlannedRun {
  readonly steps: number;
  readonly evaluateEvery: number | null;
  readonly done: number | null;
  /** Tokens of each step, in their order; of the first ones of a long run. */
  readonly stepTokens: readonly number[];
  /** Tokens of the validation, and those that the baseline and the last measurement read. */
  readonly tokens: { readonly validation: number; readonly baseline: number; readonly finish: number };
}

/** What a run does, at these speeds. */
export function jobSeconds(
  { steps, evaluateEvery, done, stepTokens, tokens }: PlannedRun,
  { trained, measured }: Speed,
): JobSeconds {
  const left = steps - (done ?? 0);
  const counted = stepTokens.reduce((sum, count) => sum + count, 0);
  const stepping = steps === 0 ? 0 : (trained * counted * left) / stepTokens.length;
  // The first is before the first step; a run that is resumed has done it.
  const evaluations = evaluateEvery === null ? 0 : Math.ceil(left / evaluateEvery) + (done === null ? 1 : 0);
  const validation = measured * tokens.validation * evaluations;
  const baseline = done === null ? measured * tokens.baseline : 0;
  const [training, test] = [stepping + validation, measured * tokens.finish];
  return { baseline, training, validation, test, total: baseline + training + test };
}
