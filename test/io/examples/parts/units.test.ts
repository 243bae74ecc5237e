import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { positionsBy, shuffled } from "../../../../ts/io/examples/parts/assign.js";
import { holdShare, spreadClasses } from "../../../../ts/io/examples/parts/split.js";

/** What `holdShare` does, said plainly: every example asks for its unit again, and all is counted anew each time. */
function plainShare(labels: readonly string[], units: readonly number[], share: number, seed: number): Set<number> {
  const held = new Set<number>();
  const classes = positionsBy(labels);
  const together = positionsBy(units);
  const farther = (unit: readonly number[], sign: 1 | -1, measure: (distance: number, length: number) => number) => {
    let sum = 0;
    for (const [label, own] of positionsBy(unit.map((place) => labels[place]!))) {
      const members = classes.get(label)!;
      const { length } = members;
      const target = Math.min(Math.round(length * share), length - 1);
      const now = members.filter((place) => held.has(place)).length;
      const then = now + sign * own.length;
      sum += then < length ? measure(then - target, length) - measure(now - target, length) : Infinity;
    }
    return sum;
  };
  const move = (unit: readonly number[], sign: 1 | -1) =>
    unit.forEach((place) => void (sign === 1 ? held.add(place) : held.delete(place)));
  for (const members of classes.values())
    for (const i of shuffled(members, seed)) {
      const unit = together.get(units[i]!)!;
      if (!held.has(i) && farther(unit, 1, Math.abs) < 0) move(unit, 1);
    }
  for (let pass = 0; pass < 3; pass++)
    for (const unit of together.values()) {
      const sign = held.has(unit[0]!) ? -1 : 1;
      if (farther(unit, sign, (distance, length) => (distance / length) * (distance / length)) < -1e-12)
        move(unit, sign);
    }
  if (held.size > 0) return held;
  const order = [...new Set(shuffled([...labels.keys()], seed).map((place) => units[place]!))];
  const possible = order.map((unit) => together.get(unit)!).filter((unit) => farther(unit, 1, Math.abs) < Infinity);
  possible.toSorted((a, b) => a.length - b.length)[0]?.forEach((place) => held.add(place));
  return held;
}

/** What `spreadClasses` does, said plainly: each class tries all its units, whatever another has tried. */
function plainSpread(
  labels: readonly string[],
  units: readonly number[],
  given: readonly number[],
  n: number,
): number[] {
  let folds = [...given];
  const there = (some: readonly number[], label: string) => new Set(some.filter((_, i) => labels[i] === label)).size;
  const size = (some: readonly number[], fold: number) => some.filter((one) => one === fold).length;
  const together = positionsBy(units);
  for (const [label, members] of positionsBy(labels)) {
    const own = [...new Set(members.map((place) => units[place]!))].map((unit) => together.get(unit)!);
    if (there(folds, label) !== 1 || own.length < 2) continue;
    const from = folds[members[0]!]!;
    const others = [...new Array<number>(n).keys()].filter((fold) => fold !== from);
    others.sort((a, b) => size(folds, a) - size(folds, b) || a - b);
    const tries = own.toSorted((a, b) => a.length - b.length).flatMap((unit) => others.map((to) => ({ unit, to })));
    for (const { unit, to } of tries) {
      const moved = folds.map((fold, place) => (unit.includes(place) ? to : fold));
      const alone = (some: readonly number[]) =>
        [...new Set(unit.map((place) => labels[place]!))].filter((one) => there(some, one) === 1).length;
      if (size(moved, from) === 0 || alone(moved) >= alone(folds)) continue;
      folds = moved;
      break;
    }
  }
  return folds;
}

/** Small tables: a label and a unit for each example, few or many of both. */
const table = fc
  .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }))
  .chain(([labels, units]) =>
    fc.array(fc.tuple(fc.nat(labels - 1), fc.nat(units - 1)), { minLength: 1, maxLength: 30 }),
  )
  .map((rows) => ({ labels: rows.map(([label]) => `c${label}`), units: rows.map(([, unit]) => unit) }));
const runs = { numRuns: 3000, seed: 1 };

/** A list that counts how often it is read. */
function counted<T>(list: T[]): { list: T[]; reads: () => number } {
  let reads = 0;
  const get = (target: T[], name: string | symbol) => {
    reads++;
    return Reflect.get(target, name) as unknown;
  };
  return { list: new Proxy(list, { get }), reads: () => reads };
}

describe("examples that stay together", () => {
  it("are parted as by the plain rule, to the row", { timeout: 60_000 }, () => {
    const share = fc.double({ min: 0.01, max: 0.99, noNaN: true });
    fc.assert(
      fc.property(table, share, fc.nat(), ({ labels, units }, share, seed) => {
        expect([...holdShare(labels, units, share, seed)].sort()).toEqual(
          [...plainShare(labels, units, share, seed)].sort(),
        );
      }),
      runs,
    );
  });

  it("are spread over folds as by the plain rule, to the row", { timeout: 60_000 }, () => {
    const where = fc.array(fc.nat(3), { minLength: 12, maxLength: 12 });
    // A unit that no fold was better for goes to one after another has moved: so of one table in 60,000.
    const again = {
      labels: [..."abcbabddefefbgcdfc"],
      units: [2, 0, 1, 0, 3, 2, 3, 1, 2, 0, 1, 3, 0, 3, 3, 3, 3, 1],
    };
    fc.assert(
      fc.property(table, fc.integer({ min: 2, max: 4 }), where, ({ labels, units }, n, foldOf) => {
        const given = units.map((unit) => foldOf[unit]! % n);
        const folds = [...given];
        spreadClasses(labels, units, folds, n);
        expect(folds).toEqual(plainSpread(labels, units, given, n));
      }),
      { ...runs, examples: [[again, 2, [1, ...new Array<number>(11).fill(0)]]] },
    );
  });

  it("are parted in time that grows with the examples, though nearly all stay together", () => {
    for (const alone of [0, 5]) {
      const labels = counted(Array.from({ length: 3000 }, (_, i) => "ab"[i % 2]!));
      const units = Array.from({ length: 3000 }, (_, i) => (i < alone ? i + 1 : 0));
      expect([...holdShare(labels.list, units, 0.2, 1)].sort()).toEqual(alone === 0 ? [] : [0, 1, 2, 3, 4]);
      expect(labels.reads()).toBeLessThan(10 * 3000);
    }
  });

  it("are tried once where no fold is better for them, not once for each of their classes", () => {
    const rows: [label: string, unit: number, fold: number][] = [];
    // Each class c stands in the first fold alone, and what it could move with would leave another class alone wherever it went.
    for (let k = 0, unit = 1000; k < 100; k++) {
      rows.push([`c${k}`, 0, 0], [`c${k}`, k + 1, 0]);
      for (const to of [1, 2]) {
        rows.push([`d${k},${to}`, k + 1, 0], [`d${k},${to}`, unit++, to]);
        rows.push([`e${k},${to}`, 0, 0], [`e${k},${to}`, unit++, to]);
      }
    }
    const labels = counted(rows.map(([label]) => label));
    const folds = rows.map(([, , fold]) => fold);
    spreadClasses(
      labels.list,
      rows.map(([, unit]) => unit),
      folds,
      3,
    );
    expect(folds).toEqual(rows.map(([, , fold]) => fold));
    expect(labels.reads()).toBeLessThan(20 * rows.length);
  });
});
