import { positionsBy } from "./assign.js";

/**
 * Moves units so that no class is in only one fold if it could be in two. Dealing units can put a class with few units into one fold, and
 * training on the others would then have no example of it. The smallest of its units moves to the fold with the fewest examples, unless
 * that removes another class from a training set or empties a fold. Changes `folds` in place.
 * @param units a number or name for each example, equal for those that stay together; null for none
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
  /** Units that cannot improve until another one moves. */
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
