/**
 * Average precision as scikit-learn has it: Σ (recall − recall before)·precision over the distinct scores, highest first, without
 * interpolation; 0 without positives.
 */
export function averagePrecision(labels: readonly number[], scores: readonly number[]): number {
  const order = scores.map((_, place) => place).sort((a, b) => scores[b]! - scores[a]!);
  const positives = labels.reduce((total, label) => total + label, 0);
  if (positives === 0) return 0;
  let [found, before, total] = [0, 0, 0];
  order.forEach((place, rank) => {
    found += labels[place]!;
    const next = order[rank + 1];
    if (next !== undefined && scores[next] === scores[place]) return;
    total += ((found - before) / positives) * (found / (rank + 1));
    before = found;
  });
  return total;
}
