import { plain } from "../data/rows.js";

/** A training example of a run. */
export interface Example {
  readonly text: string;
  readonly label: string;
}

/** The fold of each example. Labels are spread evenly, and equal texts are in the same fold. */
export function partsOf(examples: readonly Example[], count: number): number[] {
  const placed = new Map<string, number>();
  const next = new Map<string, number>();
  return examples.map(({ text, label }) => {
    const key = plain(text);
    const there = placed.get(key);
    if (there !== undefined) return there;
    const part = next.get(label) ?? 0;
    next.set(label, (part + 1) % count);
    placed.set(key, part);
    return part;
  });
}
