/** A score that some example of label 1 has. */
export interface ScoreStep {
  readonly score: number;
  /** Number of examples that reach it. */
  readonly taken: number;
  /** Number of those with label 1. */
  readonly right: number;
  /** The next lower score of any example; undefined at the lowest. */
  readonly next: number | undefined;
}

/**
 * The different scores of examples with label 1, highest first. Only these are sorted: the others are counted between them, because mostly
 * few examples have label 1.
 */
export function scoreSteps(labels: readonly number[], scores: readonly number[]): ScoreStep[] {
  const own = new Float64Array(scores.filter((_, place) => labels[place] === 1)).sort();
  const levels = own.filter((score, place) => score !== own[place - 1]);
  // Below all levels, then from each level up to the next.
  const counts = new Uint32Array(levels.length + 1);
  const highest = new Float64Array(levels.length + 1).fill(-Infinity);
  for (const score of scores) {
    const place = levelsUpTo(score, levels);
    counts[place]!++;
    if (score > highest[place]!) highest[place] = score;
  }
  const steps: ScoreStep[] = [];
  let [taken, right] = [0, 0];
  for (let place = levels.length; place > 0; place--) {
    const score = levels[place - 1]!;
    taken += counts[place]!;
    while (own[own.length - 1 - right] === score) right++;
    steps.push({ score, taken, right, next: counts[place - 1]! > 0 ? highest[place - 1] : undefined });
  }
  return steps;
}

/** How many of the ascending levels a score reaches. */
function levelsUpTo(score: number, levels: Float64Array): number {
  let [low, high] = [0, levels.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (levels[middle]! <= score) low = middle + 1;
    else high = middle;
  }
  return low;
}
