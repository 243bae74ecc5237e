import { listFrom, whole } from "../../../arguments/settings.js";
import { checkOptions } from "../../../arguments/options.js";
import { ConfigError } from "../../../errors/errors.js";
import { excerpt } from "../../../errors/excerpt.js";
import type { Example } from "../example.js";
import { plainText } from "../row.js";

/** A number for each text, the same for near duplicates; undefined for a text without any. */
export type NearNumbers = readonly (number | undefined)[];

/**
 * A number for each example, the same for examples that must stay together: those of a group, and those with equal texts (apart from case,
 * width and white space) or near duplicates, whatever their labels; a text in two groups joins them. Null if no two belong together. Empty
 * texts equal no others.
 * @param near the same number for near duplicates; undefined for a text without any
 */
export function unitsOf(
  examples: readonly { readonly label: string; readonly text?: unknown }[],
  groups: readonly (string | number)[] | null,
  near: NearNumbers | null = null,
): readonly number[] | null {
  const parents = Array.from(examples.keys());
  const rootOf = (place: number) => {
    let root = place;
    while (parents[root] !== root) root = parents[root] = parents[parents[root]!]!;
    return root;
  };
  let joined = false;
  const join = <K>(first: Map<K, number>, key: K, place: number) => {
    const other = first.get(key);
    if (other === undefined) return void first.set(key, place);
    joined = true;
    const [a, b] = [rootOf(other), rootOf(place)];
    parents[Math.max(a, b)] = Math.min(a, b);
  };
  const firstOfGroup = new Map<string | number, number>();
  groups?.forEach((group, place) => join(firstOfGroup, group, place));
  const firstOfNear = new Map<number, number>();
  near?.forEach((number, place) => number !== undefined && join(firstOfNear, number, place));
  const firstOfText = new Map<string, number>();
  examples.forEach(({ text }, place) => {
    if (typeof text === "string") join(firstOfText, plainText(text), place);
  });
  return joined ? parents.map((_, place) => rootOf(place)) : null;
}

/** Options of `splitExamples` and `foldExamples`. */
export interface SplitOptions {
  /** Whole number from 0; the same seed gives the same split. Default 0. */
  readonly seed?: number;
  /**
   * The group of each example. Examples of a group (a customer, a thread, a product) stay together, so that no test example resembles a
   * training example. Classes then keep their proportions as far as groups allow.
   */
  readonly groups?: readonly (string | number)[];
}

/** The options, checked. */
export interface TakenSplit {
  readonly seed: number;
  readonly groups: readonly (string | number)[] | null;
}

/** A checked copy of the options. Throws `ConfigError`. */
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

/** A copy of a list of examples, of which only labels are used. Throws `ConfigError` for anything else. */
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

/** Mixes 32 bits (MurmurHash3's final mix). */
function scramble(bits: number): number {
  let x = bits;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

/** A number for each index and seed, without state or kernels. */
function rank(seed: number, position: number): number {
  const [low, high] = [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0];
  return scramble(scramble(scramble(position + 0x9e3779b9) ^ low) ^ high);
}

/** Indices in a seeded order. */
export const shuffled = (positions: readonly number[], seed: number): number[] => {
  const ranks = new Map(positions.map((position) => [position, rank(seed, position)]));
  return positions.toSorted((a, b) => ranks.get(a)! - ranks.get(b)! || a - b);
};

/** Indices by value, in order of first occurrence. */
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
 * Assigns examples to splits, those of a group to the same: the largest groups first, each to the split that it brings closest to its share
 * of every class. The time grows with the number of examples times that of splits.
 * @param shares share of each split; they add up to 1
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
    const added = [...positionsBy(positions.map((i) => labels[i]!))].map(
      ([label, { length }]) => [label, length] as const,
    );
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
