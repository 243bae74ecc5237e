import { plainText } from "../summary/plain-text.js";

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
