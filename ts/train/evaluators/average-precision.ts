import { scoreSteps } from "./score-steps.js";

/**
 * Average precision as scikit-learn has it: Σ (recall − recall before)·precision over the distinct scores, highest first, without
 * interpolation; 0 without positives.
 */
export function averagePrecision(labels: readonly number[], scores: readonly number[]): number {
  const steps = scoreSteps(labels, scores);
  const positives = steps.at(-1)?.right ?? 0;
  let [before, total] = [0, 0];
  for (const { taken, right } of steps) {
    total += ((right - before) / positives) * (right / taken);
    before = right;
  }
  return total;
}
