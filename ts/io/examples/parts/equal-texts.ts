import { plainText } from "../summary/plain-text.js";

/** A number for each text, the same for those that are nearly the same; undefined for one that is like no other. */
export type NearNumbers = readonly (number | undefined)[];

/**
 * A number for each example, the same for those that are to stay together: of one group, with equal texts apart from case, width
 * and white space, or nearly the same ones, whatever their labels; a text in two groups joins them. Null where no two belong together.
 * What has no text is equal to nothing.
 * @param near the same number for texts that are nearly the same; undefined for one that is like no other
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
