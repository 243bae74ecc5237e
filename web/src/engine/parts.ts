import { plain } from "../data/findings.js";

/** An example of a run. */
export interface Example {
  readonly text: string;
  readonly label: string;
}

/** Which of so many parts each example is in: every label spread evenly, equal texts always together. */
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
