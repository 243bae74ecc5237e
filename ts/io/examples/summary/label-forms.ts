import { plainText } from "../row.js";

/** Separators of several labels in one field. */
const SEPARATORS = ["|", ";", ",", "/", "+", "&"];
const WHOLE = /^[-+]?\d+$/;
const DECIMAL = /^[-+]?\d*[.,]\d+$/;
/** Names of columns with ordered values, in any case. */
const SCORES = /star|rating|score|grade|points|nps|level|severity|priority|stern|punkt|bewertung|note/i;

/** The parts of a field; empty if fewer than two differ. Lists as in Python and JSON are split too. */
function partsOf(label: string, separator: string): string[] {
  const listed = separator === "," ? /^\[(.*)\]$/s.exec(label)?.[1] : undefined;
  const parts = (listed ?? label)
    .split(separator)
    .map((part) => (listed === undefined ? part : part.replace(/['"]/g, "")).trim());
  return parts.length < 2 || parts.includes("") || new Set(parts).size < parts.length ? [] : parts;
}

/**
 * Labels that are several in one, such as "billing|bug": each part also occurs elsewhere, alone or at another position. "Sales/Europe" and
 * "Sales/Asia" are not, nor are decimal commas.
 */
export function joinedLabels(labels: readonly string[]): string[] {
  if (labels.every((label) => WHOLE.test(label) || DECIMAL.test(label))) return [];
  for (const separator of SEPARATORS) {
    const places = new Map<string, Set<number>>();
    const stands = (part: string, place: number) => places.set(part, (places.get(part) ?? new Set()).add(place));
    const split = labels.map((label) => [label, partsOf(label, separator)] as const);
    for (const [label, parts] of split)
      if (parts.length === 0) stands(label.replace(/^\[\s*['"]?|['"]?\s*\]$/g, ""), -1);
      else parts.forEach(stands);
    const joined = split.filter(([, parts]) => parts.length > 0 && parts.every((part) => places.get(part)!.size > 1));
    if (joined.length > 0) return joined.map(([label]) => label);
  }
  return [];
}

/**
 * The kind of numbers if there are three or more numeric labels: "decimals" or "wholes". Null for 0 to n − 1, the usual class numbers,
 * unless the column's name suggests scores.
 */
export function numbersIn(labels: readonly string[], column: string | undefined): "decimals" | "wholes" | null {
  if (labels.length < 3) return null;
  const decimals = labels.filter((label) => DECIMAL.test(label)).length;
  const wholes = labels.filter((label) => WHOLE.test(label)).length;
  if (decimals > labels.length / 2 || (decimals > 0 && decimals + wholes === labels.length)) return "decimals";
  if (wholes < labels.length) return null;
  const classes = new Set(labels.map(Number));
  const numbered = labels.every((_, i) => classes.has(i));
  return numbered && !SCORES.test(column ?? "") ? null : "wholes";
}

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
 * Rare labels that look like a frequent one with a spelling mistake, each with that one. `web/src/data/misspelt.ts` has the rule too, since
 * pages load it without the library; one table of names tests both.
 * @param counts the most frequent label first
 */
export function misspelt(
  counts: readonly (readonly [label: string, count: number])[],
): [wrong: string, right: string][] {
  if (counts.length > MOST_LABELS) return [];
  const names = counts.map(([label, count]) => ({ label, count, name: plainText(label) }));
  return names.flatMap((wrong): [string, string][] => {
    const right = names.find(({ count, name }) => count >= RARER * wrong.count && mayBe(wrong.name, name));
    return right === undefined ? [] : [[wrong.label, right.label]];
  });
}
