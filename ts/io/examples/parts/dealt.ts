import { positionsBy, shuffled } from "./assign.js";

/**
 * Deals each class out to `n` folds in turn, continuing after the last class, so that folds differ by at most one example, as far as units
 * allow.
 * @param units a number for each example, equal for those that stay together; null for none
 */
export function dealt(labels: readonly string[], units: readonly number[] | null, n: number, seed: number): number[] {
  const folds = new Array<number>(labels.length).fill(-1);
  const together = units && positionsBy(units);
  const sizes = new Array<number>(n).fill(0);
  const counts = new Map<string, number[]>();
  const countsOf = (label: string) => counts.get(label) ?? counts.set(label, new Array<number>(n).fill(0)).get(label)!;
  let next = 0;
  for (const [label, members] of positionsBy(labels)) {
    const own = together && countsOf(label);
    for (const i of shuffled(members, seed)) {
      if (own === null) folds[i] = next++ % n;
      if (folds[i]! >= 0) continue;
      // The fold with the fewest examples of the class, then with the fewest in all; without units this is the next in turn.
      let best = next % n;
      for (let turn = 1; turn < n; turn++) {
        const fold = (next + turn) % n;
        const fewer = own![fold]! - own![best]! || sizes[fold]! - sizes[best]!;
        if (fewer < 0) best = fold;
      }
      next = best + 1;
      for (const place of together!.get(units![i]!)!) {
        folds[place] = best;
        sizes[best]!++;
        countsOf(labels[place]!)[best]!++;
      }
    }
  }
  return folds;
}
