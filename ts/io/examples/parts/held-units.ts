import { positionsBy, shuffled } from "./assign.js";

/** Number of passes to balance classes. */
const PASSES = 3;

/**
 * Draws a rounded share of each class by the seed, except for one example of the class. A unit is held out if that brings its classes
 * closer to the share. If no unit does, the smallest one that leaves some of each class is held out.
 * @param units a number for each example, equal for those that stay together; null for none
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
  const counts = new Map(
    [...classes].map(([label, { length }]) => [label, { length, target: wanted(length), held: 0 }]),
  );
  /** Change of its classes' distance from the target if a unit changed sides, by a distance measure. */
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
  // Each unit is considered once, at its first example: as more is held out, it never gets closer to the target again.
  for (const own of new Set(
    [...classes.values()].flatMap((members) => shuffled(members, seed).map((i) => units[i]!)),
  )) {
    const unit = together.get(own)!;
    if (farther(unit, 1, Math.abs) < 0) move(unit, 1);
  }
  // The first classes got examples that the last ones lack. With squared distances, a class that lacks many can get some from one that
  // lacks none.
  const square = (distance: number, length: number) => (distance / length) * (distance / length);
  for (let pass = 0; pass < PASSES; pass++) {
    for (const unit of together.values()) {
      const sign = held.has(unit[0]!) ? -1 : 1;
      if (farther(unit, sign, square) < -1e-12) move(unit, sign);
    }
  }
  if (held.size === 0) {
    // Every unit is more than twice the target: hold out the smallest rather than none.
    const order = [...new Set(shuffled([...labels.keys()], seed).map((place) => units[place]!))];
    const possible = order.map((unit) => together.get(unit)!).filter((unit) => farther(unit, 1, Math.abs) < Infinity);
    const smallest = possible.toSorted((a, b) => a.length - b.length)[0];
    if (smallest !== undefined) move(smallest, 1);
  }
  return held;
}
