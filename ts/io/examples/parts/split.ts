import { whole } from "../../../arguments/settings.js";
import { ConfigError } from "../../../errors/errors.js";
import { excerpt } from "../../../errors/excerpt.js";
import type { Example } from "../example.js";
import {
  assignGroups,
  type NearNumbers,
  positionsBy,
  shuffled,
  type SplitOptions,
  takeLabelled,
  type TakenSplit,
  takeSplit,
  unitsOf,
} from "./assign.js";

/**
 * Splits examples in two at random, with each class in the same proportion. Equal texts (apart from case, width and white space) stay on
 * one side, even in different groups, so that no test text was trained on; classes keep their proportions as far as that allows. Both
 * splits keep the examples' order; the same seed gives the same split.
 * @param share of each class in `validation`, between 0 and 1, rounded; without groups, the last example of a class stays in `train`
 * @param options the seed, a whole number from 0; or `{ seed, groups }`
 * @throws `ConfigError` for an invalid share, seed or groups, and if one split would be empty
 * @example splitExamples(examples, 0.2, { groups: rows.map(({ customer }) => customer) })
 */
export function splitExamples<E extends Pick<Example, "label">>(
  examples: readonly E[],
  share: number,
  options: number | SplitOptions = 0,
): { train: E[]; validation: E[] } {
  const what = "splitExamples";
  const all = takeLabelled(what, examples);
  if (!(typeof share === "number" && share > 0 && share < 1))
    throw new ConfigError(`${what}: expected a share above 0 and below 1, got ${excerpt(share)}`, {
      op: what,
      option: "share",
      value: share,
    });
  const taken = takeSplit(what, typeof options === "number" ? { seed: options } : options, all.length);
  return inTwo(all, share, taken, null);
}

/** Splits as `splitExamples` does, for checked arguments; near duplicates also stay on one side. */
export function inTwo<E extends Pick<Example, "label">>(
  all: readonly E[],
  share: number,
  { seed, groups }: TakenSplit,
  near: NearNumbers | null,
): { train: E[]; validation: E[] } {
  const what = "splitExamples";
  const labels = all.map(({ label }) => label);
  const units = unitsOf(all, groups, near);
  const held = groups === null ? holdShare(labels, units, share, seed) : new Set<number>();
  if (groups !== null)
    assignGroups(labels, units ?? groups, [1 - share, share], seed).forEach((part, i) => part === 1 && held.add(i));
  if (held.size === 0 || held.size === all.length) {
    const [some, from] = [`${share} of ${all.length} examples`, `in ${new Set(labels).size} classes`];
    const left = held.size === 0 ? "validation" : "training";
    const [alone, joined] = [" and their groups", " and their groups, which equal texts join,"];
    const ownGroups = groups !== null && new Set(units ?? groups).size === new Set(groups).size;
    const together = ownGroups
      ? alone
      : groups !== null
        ? joined
        : units !== null
          ? ", of which equal texts stay together,"
          : "";
    throw new ConfigError(`${what}: ${some} ${from}${together} leaves none for ${left}`, {
      op: what,
      share,
      examples: all.length,
      left,
    });
  }
  return { train: all.filter((_, i) => !held.has(i)), validation: all.filter((_, i) => held.has(i)) };
}

/** Number of passes to balance classes. */
const PASSES = 3;

/**
 * Draws a rounded share of each class by the seed, except for one example of the class. A unit is held out if that brings its classes
 * closer to the share. If no unit does, the smallest one that leaves some of each class is held out.
 * @param units a number for each example, equal for those that stay together; null for none
 * @internal exported for its tests
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

/**
 * Splits examples for cross-validation: each is in `validation` of one fold and in `train` of all others, with each class spread as evenly
 * as possible. Equal texts (apart from case, width and white space) are in the same fold, even in different groups. Splits keep the
 * examples' order; the same seed gives the same folds. A class with a single example, text or group is in no training split of the fold
 * that tests it.
 * @param n number of folds, from 2 to the number of different texts or groups
 * @throws `ConfigError` for invalid options, or more folds than different texts or groups
 * @example for (const { train, validation } of foldExamples(examples, 5)) …
 */
export function foldExamples<E extends Pick<Example, "label">>(
  examples: readonly E[],
  n: number,
  options: SplitOptions = {},
): { train: E[]; validation: E[] }[] {
  const what = "foldExamples";
  const all = takeLabelled(what, examples);
  whole(what, "n", n, 2);
  return inFolds(all, n, takeSplit(what, options, all.length), null);
}

/** Divides into folds as `foldExamples` does, for checked arguments; near duplicates are also in the same fold. */
export function inFolds<E extends Pick<Example, "label">>(
  all: readonly E[],
  n: number,
  { seed, groups }: TakenSplit,
  near: NearNumbers | null,
): { train: E[]; validation: E[] }[] {
  const what = "foldExamples";
  const units = unitsOf(all, groups, near);
  const there = new Set(units ?? all.keys()).size;
  if (n > there) {
    const needed = groups !== null ? "groups" : units !== null ? "different texts" : "examples";
    const joined =
      groups !== null && there < new Set(groups).size ? ", since groups with an equal text stay together" : "";
    throw new ConfigError(`${what}: ${n} folds need as many ${needed}, got ${there}${joined}`, {
      op: what,
      option: "n",
      value: n,
      expected: there,
    });
  }
  const labels = all.map(({ label }) => label);
  const folds =
    groups === null
      ? dealt(labels, units, n, seed)
      : assignGroups(labels, units ?? groups, new Array<number>(n).fill(1 / n), seed);
  spreadClasses(labels, units ?? groups, folds, n);
  return Array.from({ length: n }, (_, fold) => ({
    train: all.filter((__, i) => folds[i] !== fold),
    validation: all.filter((__, i) => folds[i] === fold),
  }));
}

/**
 * Deals each class out to `n` folds in turn, continuing after the last class, so that folds differ by at most one example, as far as units
 * allow.
 * @param units a number for each example, equal for those that stay together; null for none
 * @internal exported for its tests
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

/**
 * Moves units so that no class is in only one fold if it could be in two. Dealing units can put a class with few units into one fold, and
 * training on the others would then have no example of it. The smallest of its units moves to the fold with the fewest examples, unless
 * that removes another class from a training set or empties a fold. Changes `folds` in place.
 * @param units a number or name for each example, equal for those that stay together; null for none
 * @internal exported for its tests
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
