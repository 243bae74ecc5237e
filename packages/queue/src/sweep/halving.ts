/** A stage of successive halving: so many settings are trained up to so many steps. */
export interface Rung {
  /** Optimizer steps from a run's beginning. */
  readonly until: number;
  /** Settings that come so far. */
  readonly settings: number;
}

/**
 * The stages of successive halving (Jamieson and Talwalkar, arXiv 1502.07943; with Hyperband's η, arXiv 1603.06560): each has an η-th of
 * the settings of the one before, rounded up, and η times its steps; the last one has all steps.
 *
 * @param eta η; null for one stage, where all are trained in full
 * @param every steps between two measurements, after one of which each stage ends; null for the first stage's
 */
export function rungsOf(settings: number, steps: number, eta: number | null, every: number | null): readonly Rung[] {
  // What the settings and the steps of the last stage are divided by, at the first one.
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

/** Of settings with a loss each, those `count` that have the lowest, in the order in which they came; what is no number comes last. */
export function best<T>(settings: readonly T[], lossOf: (setting: T) => number, count: number): readonly T[] {
  const order = settings.map((setting, i) => ({ setting, i, loss: finite(lossOf(setting)) }));
  const kept = order.sort((a, b) => a.loss - b.loss || a.i - b.i).slice(0, count);
  return kept.sort((a, b) => a.i - b.i).map(({ setting }) => setting);
}

const finite = (loss: number) => (Number.isFinite(loss) ? loss : Number.MAX_VALUE);
