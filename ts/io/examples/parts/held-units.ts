import { positionsBy, shuffled } from "./assign.js";

/** How often all are gone over to balance classes. */
const PASSES = 3;

/**
 * A share of each class, rounded and drawn by the seed, but for one example of it: what belongs together goes where it brings its
 * classes closer to that. Where nothing does, it is the smallest of it that leaves some of each class.
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
  const counts = new Map([...classes].map(([label, { length }]) => [label, { length, target: wanted(length), held: 0 }]));
  /** How much farther its classes would be from what is wanted if a unit changed sides: by a measure of the distance. */
  const farther = (unit: readonly number[], sign: 1 | -1, measure: (distance: number, length: number) => number) => {
    let sum = 0;
    for (const [label, { length: more }] of positionsBy(unit.map((place) => labels[place]!))) {
      const { length, target, held: now } = counts.get(label)!;
      const then = now + sign * more;
      sum += then < length ? measure(then - target, length) - measure(now - target, length) : Infinity;
    }
    return sum;
  };
  const move = (unit: readonly number[], sign: 1 | -1) => {
    for (const place of unit) {
      if (sign === 1) held.add(place);
      else held.delete(place);
      counts.get(labels[place]!)!.held += sign;
    }
  };
  // Each unit is asked once, at its first example: as what is held grows, it is never again closer to what is wanted.
  for (const own of new Set([...classes.values()].flatMap((members) => shuffled(members, seed).map((i) => units[i]!)))) {
    const unit = together.get(own)!;
    if (farther(unit, 1, Math.abs) < 0) move(unit, 1);
  }
  // Classes that came first took what the last ones lack. By squares, a class that lacks much may have of one that lacks nothing.
  const square = (distance: number, length: number) => (distance / length) * (distance / length);
  for (let pass = 0; pass < PASSES; pass++) {
    for (const unit of together.values()) {
      const sign = held.has(unit[0]!) ? -1 : 1;
      if (farther(unit, sign, square) < -1e-12) move(unit, sign);
    }
  }
  if (held.size === 0) {
    // Every unit is more than twice what is wanted: the smallest then, rather than none.
    const order = [...new Set(shuffled([...labels.keys()], seed).map((place) => units[place]!))];
    const possible = order.map((unit) => together.get(unit)!).filter((unit) => farther(unit, 1, Math.abs) < Infinity);
    const smallest = possible.toSorted((a, b) => a.length - b.length)[0];
    if (smallest !== undefined) move(smallest, 1);
  }
  return held;
}
