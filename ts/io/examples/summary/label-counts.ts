import { sortLabels } from "../parse.js";
import type { DataPart, LabelCount } from "./data-summary.js";
import { plainLabel } from "./plain-text.js";
import type { Parts } from "./survey.js";

/** How often each label occurs in each split. */
export function labelCounts(parts: Parts): LabelCount[] {
  const counts = new Map<string, Record<DataPart, number>>();
  for (const [part, examples] of parts) {
    for (const { label } of examples) {
      let count = counts.get(label);
      if (count === undefined) counts.set(label, (count = { train: 0, validation: 0, test: 0 }));
      count[part]++;
    }
  }
  return sortLabels(counts.keys()).map((label) => ({ label, ...counts.get(label)! }));
}

/** Groups of labels that differ only in case or white space. */
export function similarLabels(counts: readonly LabelCount[]): string[][] {
  const alike = new Map<string, string[]>();
  for (const { label } of counts) {
    const plain = plainLabel(label);
    const others = alike.get(plain);
    if (others) others.push(label);
    else alike.set(plain, [label]);
  }
  return [...alike.values()].filter(({ length }) => length > 1);
}
