import { plain } from "./rows.js";

/** Above this number of labels none is compared: a column with so many is not one of labels, and each is compared with each. */
const MOST_LABELS = 500;
/** A misspelt label is this many times rarer than the right one. */
const RARER = 4;
/** Shortest label with one mistake, and with two. Short names differ by a letter. */
const [SHORTEST, LONG] = [4, 8];

/** Letters to add, remove, change or exchange with their neighbour to make one text of the other; 3 for more than two. */
function mistakes(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 3;
  let [before, last] = [[] as number[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      let least = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (isSame ? 0 : 1));
      const isExchanged = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isExchanged) least = Math.min(least, before[j - 2]! + 1);
      row.push(least);
    }
    if (Math.min(...row) > 2) return 3;
    [before, last] = [last, row];
  }
  return last[b.length]!;
}

const digits = (text: string) => text.replace(/\D+/g, " ").trim();

/** Whether one name may be the other with a mistake. Numbers are never mistakes: class1 and class2. */
function mayBe(wrong: string, right: string): boolean {
  const length = Math.min(wrong.length, right.length);
  if (wrong === right || length < SHORTEST || digits(wrong) !== digits(right)) return false;
  // Two changes at the beginning make a word of its own: increase, decrease.
  return mistakes(wrong, right) <= (length >= LONG && wrong[0] === right[0] ? 2 : 1);
}

/**
 * Rare labels that look like a frequent one with a spelling mistake, each with that one. `counts` has the most frequent label first. The
 * rule of the library's finding "similar-labels" (`ts/io/examples/summary/label-forms.ts`), which pages do not load.
 */
export function misspelt(
  counts: readonly (readonly [label: string, count: number])[],
): [wrong: string, right: string][] {
  if (counts.length > MOST_LABELS) return [];
  const names = counts.map(([label, count]) => ({ label, count, name: plain(label) }));
  return names.flatMap((wrong): [string, string][] => {
    const right = names.find(({ count, name }) => count >= RARER * wrong.count && mayBe(wrong.name, name));
    return right === undefined ? [] : [[wrong.label, right.label]];
  });
}
