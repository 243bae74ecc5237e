import { listFrom } from "../../../arguments/collections.js";
import { checkOptions } from "../../../arguments/options.js";
import { whole } from "../../../arguments/settings.js";
import { ConfigError } from "../../../errors/errors.js";
import { excerpt } from "../../../errors/excerpt.js";
import type { Example } from "../example.js";

/** How examples are parted. */
export interface SplitOptions {
  /** Whole number from 0; the same one gives the same parts. Default 0. */
  readonly seed?: number;
  /**
   * One for each example: those of one group (a customer, a thread, a product) stay together, so that nothing is tested on what
   * it was as good as trained on. Classes then keep their proportions as far as the groups let them.
   */
  readonly groups?: readonly (string | number)[];
}

/** Options, read and checked. */
export interface TakenSplit {
  readonly seed: number;
  readonly groups: readonly (string | number)[] | null;
}

/** A copy of the options. Throws `ConfigError` for what makes no sense. */
export function takeSplit(what: string, options: SplitOptions, examples: number): TakenSplit {
  checkOptions(what, options, ["seed", "groups"]);
  const { seed = 0, groups } = options;
  whole(what, "seed", seed);
  if (groups === undefined) return { seed, groups: null };
  const taken = listFrom(`${what}: groups is a list of names or numbers`, groups, (group, place) => {
    if (typeof group === "string" || typeof group === "number") return group;
    throw new ConfigError(`${what}: groups is a list of names or numbers, got ${excerpt(group)} at place ${place}`, {
      op: what,
      option: "groups",
      value: group,
      place,
    });
  });
  if (taken.length === examples) return { seed, groups: taken };
  throw new ConfigError(`${what}: groups has one for each example, got ${taken.length} for ${examples} examples`, {
    op: what,
    option: "groups",
    expected: examples,
    actual: taken.length,
  });
}

/** A copy of a list of examples, of whose fields only the label is asked. Throws `ConfigError` for what is none. */
export function takeLabelled<E extends Pick<Example, "label">>(what: string, examples: readonly E[]): E[] {
  return listFrom(`${what}: examples is a list of { text, label }`, examples, (example, place) => {
    if (typeof (example as Partial<E> | null | undefined)?.label === "string") return example as E;
    throw new ConfigError(`${what}: example ${place} has a label that is a string, got ${excerpt(example)}`, {
      op: what,
      option: "examples",
      value: example,
      place,
    });
  });
}

/** Scrambles 32 bits (the finisher of MurmurHash3). */
function scramble(bits: number): number {
  let x = bits;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

/** A number of its own for each position under a seed: no state, so it needs neither the kernels nor an order. */
export function rank(seed: number, position: number): number {
  const [low, high] = [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0];
  return scramble(scramble(scramble(position + 0x9e3779b9) ^ low) ^ high);
}

/** Positions in an order that the seed decides. */
export const shuffled = (positions: readonly number[], seed: number): number[] => {
  const ranks = new Map(positions.map((position) => [position, rank(seed, position)]));
  return positions.toSorted((a, b) => ranks.get(a)! - ranks.get(b)! || a - b);
};

/** Positions by what stands there, in order of appearance. */
export function positionsBy<K>(keys: readonly K[]): Map<K, number[]> {
  const found = new Map<K, number[]>();
  for (const [i, key] of keys.entries()) {
    const members = found.get(key);
    if (members) members.push(i);
    else found.set(key, [i]);
  }
  return found;
}

/**
 * A part for each example, those of one group in the same: the largest groups first, each to the part that it brings closest to
 * its share of every class. In time that grows with the examples times the parts.
 * @param shares of each part, which add up to 1
 */
export function assignGroups(
  labels: readonly string[],
  groups: readonly (string | number)[],
  shares: readonly number[],
  seed: number,
): number[] {
  const totals = new Map([...positionsBy(labels)].map(([label, members]) => [label, members.length]));
  const counts = shares.map(() => new Map<string, number>());
  const sizes = shares.map(() => 0);
  const members = [...positionsBy(groups).values()];
  const order = shuffled([...members.keys()], seed).sort((a, b) => members[b]!.length - members[a]!.length);
  const parts = new Array<number>(labels.length).fill(0);
  for (const group of order) {
    const positions = members[group]!;
    const added = [...positionsBy(positions.map((i) => labels[i]!))].map(([label, { length }]) => [label, length] as const);
    // How far the part is from its share afterwards, less how far it was, by class in parts of the class; then by size.
    const cost = (part: number) => {
      const square = (x: number) => x * x;
      const away = (label: string, more: number) =>
        ((counts[part]!.get(label) ?? 0) + more) / totals.get(label)! - shares[part]!;
      return added.reduce((sum, [label, more]) => sum + square(away(label, more)) - square(away(label, 0)), 0);
    };
    const costs = shares.map((_, part) => cost(part));
    const fill = (part: number) => sizes[part]! / shares[part]!;
    let best = 0;
    for (let part = 1; part < shares.length; part++) {
      const difference = costs[part]! - costs[best]!;
      if (difference < -1e-12 || (difference < 1e-12 && fill(part) < fill(best))) best = part;
    }
    for (const [label, more] of added) counts[best]!.set(label, (counts[best]!.get(label) ?? 0) + more);
    sizes[best]! += positions.length;
    for (const i of positions) parts[i] = best;
  }
  return parts;
}
