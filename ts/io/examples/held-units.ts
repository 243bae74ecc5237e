import { positionsBy, shuffled } from "./assign.js";

/**
 * A share of each class, rounded and drawn by the seed, but for one example of it: what belongs together goes where it brings its
 * classes closer to that.
 * @param units a number for each example, the same for those that stay together; null where each stands alone
 */
export function holdShare(
  labels: readonly string[],
  units: readonly number[] | null,
  share: number,
  seed: number,
): Set<number> {
  const held = new Set<number>();
  const classes = positionsBy(labels);
  const wanted = (count: number) => Math.min(Math.round(count * share), count - 1);
  if (units === null) {
    for (const members of classes.values())
      for (const i of shuffled(members, seed).slice(0, wanted(members.length))) held.add(i);
    return held;
  }
  const together = positionsBy(units);
  const counts = new Map([...classes].map(([label, { length }]) => [label, { length, held: 0 }]));
  for (const members of classes.values()) {
    for (const i of shuffled(members, seed)) {
      if (held.has(i)) continue;
      const unit = together.get(units[i]!)!;
      const added = positionsBy(unit.map((place) => labels[place]!));
      // How much farther from what is wanted its classes would be.
      let farther = 0;
      for (const [label, { length: more }] of added) {
        const { length, held: now } = counts.get(label)!;
        const target = wanted(length);
        farther += now + more < length ? Math.abs(now + more - target) - Math.abs(now - target) : Infinity;
      }
      if (!(farther < 0)) continue;
      for (const place of unit) held.add(place);
      for (const [label, { length: more }] of added) counts.get(label)!.held += more;
    }
  }
  return held;
}
