/** Seconds of each part of a run, and in all. */
export interface JobSeconds {
  /** 0 for a resumed run. */
  readonly baseline: number;
  /** The remaining steps, with the measurements between them. */
  readonly training: number;
  /** The measurements between steps, part of `training`. */
  readonly validation: number;
  /** The final measurement; 0 if it was done before. */
  readonly test: number;
  /** The fit on all rows; omitted if there is none. */
  readonly finalFit?: number;
  /** The sum of baseline, training, test and final fit. */
  readonly total: number;
}

/** Seconds per token. */
interface Speed {
  readonly trained: number;
  readonly measured: number;
}

/** A run, and the completed steps if it is resumed. */
interface PlannedRun {
  readonly steps: number;
  readonly evaluateEvery: number | null;
  readonly done: number | null;
  /** The final fit: steps that are left, and tokens that are computed besides; omitted for none. */
  readonly final?: { readonly steps: number; readonly tokens: number };
  /** Tokens of each step, in order; only of the first steps of a long run. */
  readonly stepTokens: readonly number[];
  /** Tokens of the validation, the baseline and the final measurement. */
  readonly tokens: { readonly validation: number; readonly baseline: number; readonly finish: number };
}

/** Seconds of a run at these speeds. */
export function jobSeconds(
  { steps, evaluateEvery, done, stepTokens, tokens, final }: PlannedRun,
  { trained, measured }: Speed,
): JobSeconds {
  const left = steps - (done ?? 0);
  const counted = stepTokens.reduce((sum, count) => sum + count, 0);
  const each = steps === 0 ? 0 : (trained * counted) / stepTokens.length;
  const stepping = each * left;
  // The first measurement is before the first step; a resumed run has done it.
  const evaluations = evaluateEvery === null ? 0 : Math.ceil(left / evaluateEvery) + (done === null ? 1 : 0);
  const validation = measured * tokens.validation * evaluations;
  const baseline = done === null ? measured * tokens.baseline : 0;
  const [training, test] = [stepping + validation, measured * tokens.finish];
  const parts = { baseline, training, validation, test };
  if (final === undefined) return { ...parts, total: baseline + training + test };
  const finalFit = each * final.steps + measured * final.tokens;
  return { ...parts, finalFit, total: baseline + training + test + finalFit };
}

/** Estimated time and memory of a run. */
export interface JobEstimate {
  /** Seconds, from timing a few steps. */
  readonly seconds: JobSeconds;
  /** Bytes of linear memory: the peak, and the maximum. */
  readonly memory: MemoryNeed;
}

/** Linear memory in bytes. */
export interface MemoryNeed {
  /** Peak of the run: model, adapter, head, optimizer and the largest step. */
  readonly needed: number;
  /** The maximum that is available. */
  readonly maximum: number;
}
