import { positionsBy } from "./assign.js";

/**
 * Folds in which no class stands in one alone that could stand in two: dealt with what belongs together, a class of few units may go
 * with the others' into one fold, so that whoever learns from the rest never meets it. One of its units, the smallest, then goes to the
 * fold with the fewest examples, as long as that takes no other class out of a rest and empties no fold. Changes `folds` in place.
 * @param units a number or name for each example, the same for those that stay together; null where each stands alone
 */
export function spreadClasses(
  labels: readonly string[],
  units: readonly (string | number)[] | null,
  folds: number[],
  n: number,
): void {
  const unitOf = units ?? labels.map((_, i) => i);
  const together = positionsBy(unitOf);
  const classes = positionsBy(labels);
  const counts = new Map([...classes].map(([label]) => [label, new Array<number>(n).fill(0)]));
  const sizes = new Array<number>(n).fill(0);
  const count = (place: number, by: 1 | -1) => {
    counts.get(labels[place]!)![folds[place]!]! += by;
    sizes[folds[place]!]! += by;
  };
  folds.forEach((_, place) => count(place, 1));
  const alone = (label: string) => counts.get(label)!.filter((there) => there > 0).length === 1;
  const move = (unit: readonly number[], fold: number) => {
    for (const place of unit) {
      count(place, -1);
      folds[place] = fold;
      count(place, 1);
    }
  };
  /** Units that no fold is better for, until another one moves. */
  const stuck = new Set<readonly number[]>();
  for (const [label, members] of classes) {
    if (!alone(label)) continue;
    const own = [...new Set(members.map((place) => unitOf[place]!))].map((unit) => together.get(unit)!);
    if (own.length < 2) continue;
    const from = folds[members[0]!]!;
    const others = Array.from({ length: n }, (_, fold) => fold).filter((fold) => fold !== from);
    others.sort((a, b) => sizes[a]! - sizes[b]! || a - b);
    for (const unit of own.sort((a, b) => a.length - b.length)) {
      if (stuck.has(unit)) continue;
      const touched = [...new Set(unit.map((place) => labels[place]!))];
      const before = touched.filter(alone).length;
      const fold = others.find((to) => {
        move(unit, to);
        const better = sizes[from]! > 0 && touched.filter(alone).length < before;
        if (!better) move(unit, from);
        return better;
      });
      if (fold === undefined) stuck.add(unit);
      else {
        stuck.clear();
        break;
      }
    }
  }
}
