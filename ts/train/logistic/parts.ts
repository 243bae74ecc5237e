import type { Engine } from "../../engine/running.js";
import { assignGroups } from "../../io/examples/parts/assign.js";
import { permutation } from "../../nn/random.js";

/** Number of parts, and the most examples of each. */
const [PARTS, PART] = [5, 1000];
/** Up to this many examples, each part is held out in turn, since one small part says little. */
const FEW = 1000;
/** Up to this many examples, the fit uses all that are not held out; with more, only so many parts. */
const [MANY, PARTS_OF_MANY] = [4000, 3];
/** Random streams that nothing else uses. */
const STREAM = 2 ** 31 + 1;

/** Indices of the examples to fit to, and of the held-out ones. */
export interface Parting {
  readonly fitted: readonly number[];
  readonly held: readonly number[];
}

/**
 * Ways to hold out examples, each class in the same proportion. One example of every class is never held out, so that each fit sees every
 * class. Empty if nothing is left to hold out.
 * @param groups of the examples: a group is held out as a whole
 */
export function partings(
  targets: readonly number[],
  groups: readonly (string | number)[] | null,
  seed: number,
  engine: Engine,
): Parting[] {
  const count = targets.length;
  const cut = Math.max(PARTS, Math.ceil(count / PART));
  const order = permutation(count, seed, STREAM, engine);
  const parts = groups === null ? partOf(targets, cut, order) : partOfGroups(targets, groups, cut, order, seed);
  const last = count > MANY ? PARTS_OF_MANY : Infinity;
  return Array.from({ length: count > FEW ? 1 : PARTS }, (_, round) => {
    const held: number[] = [];
    const fitted: number[] = [];
    parts.forEach((part, i) => {
      if (part === round) held.push(i);
      else if (part <= last) fitted.push(i);
    });
    return { fitted, held };
  }).filter(({ held }) => held.length > 0);
}

/** The part of each example; −1 for the one per class that is never held out. */
function partOf(targets: readonly number[], count: number, order: Iterable<number>): Int32Array {
  const classes = new Map<number, number[]>();
  const parts = new Int32Array(targets.length).fill(-1);
  for (const i of order) {
    const own = classes.get(targets[i]!);
    if (own === undefined) classes.set(targets[i]!, []);
    else own.push(i);
  }
  // Each class continues where the last one ended, so that small classes do not all go to the first part.
  let next = 0;
  for (const own of classes.values()) for (const i of own) parts[i] = next++ % count;
  return parts;
}

/** Divides whole groups into parts; −1 for those that are never held out, at least one for every class. */
function partOfGroups(
  targets: readonly number[],
  groups: readonly (string | number)[],
  count: number,
  order: Iterable<number>,
  seed: number,
): Int32Array {
  const members = new Map<string | number, number[]>();
  groups.forEach((group, i) => members.get(group)?.push(i) ?? members.set(group, [i]));
  const [kept, known] = [new Set<string | number>(), new Set<number>()];
  for (const i of order) {
    if (known.has(targets[i]!)) continue;
    kept.add(groups[i]!);
    for (const one of members.get(groups[i]!)!) known.add(targets[one]!);
  }
  const places = [...targets.keys()].filter((i) => !kept.has(groups[i]!));
  const shares = new Array<number>(count).fill(1 / count);
  const labels = places.map((i) => String(targets[i]));
  const own = places.map((i) => groups[i]!);
  const parts = new Int32Array(targets.length).fill(-1);
  assignGroups(labels, own, shares, seed).forEach((part, i) => (parts[places[i]!] = part));
  return parts;
}
