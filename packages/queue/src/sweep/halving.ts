/** A stage of successive halving: trains a number of settings up to a number of steps. */
export interface Rung {
  /** Optimizer steps from the start of a run. */
  readonly until: number;
  /** Number of settings in the stage. */
  readonly settings: number;
}

/**
 * The stages of successive halving (Jamieson and Talwalkar, arXiv 1502.07943; with Hyperband's η, arXiv 1603.06560). Each has 1/η of
 * the previous stage's settings, rounded up, and η times its steps. The last one has all steps.
 *
 * @param eta η; null for one stage that trains all settings in full
 * @param every steps between two validations; each stage ends after a validation. Null for the steps of the first stage
 */
export function rungsOf(settings: number, steps: number, eta: number | null, every: number | null): readonly Rung[] {
  // Ratio between the last and the first stage, in settings and steps.
  let divisor = 1;
  if (eta !== null) while (divisor * eta <= settings && steps / (divisor * eta) >= 1) divisor *= eta;
  const unit = every ?? Math.max(1, Math.round(steps / divisor));
  const rungs: Rung[] = [];
  for (let share = 1; share <= divisor; share *= eta ?? Infinity) {
    const until = share === divisor ? steps : Math.max(unit, Math.round((steps * share) / divisor / unit) * unit);
    if (until > (rungs.at(-1)?.until ?? 0) && until <= steps)
      rungs.push({ until, settings: Math.ceil(settings / share) });
  }
  return rungs;
}

/** The `count` settings with the lowest losses, in their original order. NaN counts as the highest. */
export function best<T>(settings: readonly T[], lossOf: (setting: T) => number, count: number): readonly T[] {
  const order = settings.map((setting, i) => ({ setting, i, loss: finite(lossOf(setting)) }));
  const kept = order.sort((a, b) => a.loss - b.loss || a.i - b.i).slice(0, count);
  return kept.sort((a, b) => a.i - b.i).map(({ setting }) => setting);
}

const finite = (loss: number) => (Number.isFinite(loss) ? loss : Number.MAX_VALUE);
