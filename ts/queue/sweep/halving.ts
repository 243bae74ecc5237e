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
  let stages = 0;
  if (eta !== null)
    for (let [most, least] = [eta, steps / eta]; most <= settings && least >= 1; most *= eta, least /= eta) stages++;
  const first = steps / (eta ?? 1) ** stages;
  const unit = every ?? Math.max(1, Math.round(first));
  const rungs: Rung[] = [];
  for (let stage = 0; stage <= stages; stage++) {
    const share = (eta ?? 1) ** stage;
    const until = stage === stages ? steps : Math.max(unit, Math.round((first * share) / unit) * unit);
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
