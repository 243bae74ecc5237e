import type { TrainingTokens } from "./training-examples.js";

/**
 * An example of at most `most` tokens, cut so that targets stay. All stay where they fit with the token that gives the first: then
 * what stands before them is cut, from its start. Else the start of what stands before them is cut to half of the room at most, and
 * the last targets go. Ids behind the last target teach nothing and go first.
 */
export function truncated({ ids, targets }: TrainingTokens, most: number): TrainingTokens {
  if (ids.length <= most) return { ids, targets };
  const [first, end] = [targets[0]!, targets.at(-1)! + 1];
  const fits = end - (first - 1) <= most;
  const start = fits ? Math.max(0, end - most) : Math.max(0, first - Math.max(1, Math.floor(most / 2)));
  const kept = targets.filter((target) => target > start && target < start + most);
  return { ids: ids.slice(start, start + most), targets: kept.map((target) => target - start) };
}
