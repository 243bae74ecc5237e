/**
 * Truncates an example to at most `most` tokens such that targets stay. Ids after the last target go first: they do not affect the
 * training. If all targets fit, with the token before the first, the context before them is cut at its start. Otherwise the context is cut
 * to at most half of the room, and the last targets are dropped.
 */
export function truncated({ ids, targets }: TrainingTokens, most: number): TrainingTokens {
  if (ids.length <= most) return { ids, targets };
  const [first, end] = [targets[0]!, targets.at(-1)! + 1];
  const fits = end - (first - 1) <= most;
  const start = fits ? Math.max(0, end - most) : Math.max(0, first - Math.max(1, Math.floor(most / 2)));
  const kept = targets.filter((target) => target > start && target < start + most);
  return { ids: ids.slice(start, start + most), targets: kept.map((target) => target - start) };
}

/** A checked example. */
export interface TrainingTokens {
  readonly ids: Int32Array;
  /** Indices of the targets, from 1. */
  readonly targets: readonly number[];
}
