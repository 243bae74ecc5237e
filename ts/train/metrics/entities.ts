import { type ClassScores, classScores, meanF1 } from "./class-scores.js";
import type { TagScheme } from "./tag-scheme.js";

/** How well entities of one label are found. */
export interface EntityScores extends ClassScores {
  /** The label, without "B-" and "I-", or another place. */
  readonly label: string;
}

/** How well entities are found: right are those whose first and last word and label are right. As seqeval has it. */
export interface EntityMetrics {
  /** Share of the entities found that are right; 0 where none was found. */
  readonly precision: number;
  /** Share of the entities there are that are found; 0 where there are none. */
  readonly recall: number;
  /** Harmonic mean of the two: seqeval's `f1_score`. */
  readonly f1: number;
  /** Mean F1 of the labels, each weighing the same; NaN where there are none. */
  readonly macroF1: number;
  /** Scores of each label that entities have or were given, in the alphabet's order. */
  readonly perEntity: readonly EntityScores[];
}

const OUTSIDE = "O";

/** How entities are counted. */
interface Counting {
  readonly strict: boolean;
  readonly scheme: TagScheme;
}

/** Entities of a text's words as "label first last". */
function entitiesOf(
  labels: readonly string[],
  { strict, scheme }: Counting,
): { readonly label: string; readonly key: string }[] {
  const found: { label: string; key: string }[] = [];
  let open: { label: string; first: number } | null = null;
  const close = (end: number, ended: boolean) => {
    if (open !== null && (ended || !strict || !scheme.marksEnds || open.label === labels[end]))
      found.push({ label: open.label, key: `${open.first} ${end} ${open.label}` });
    open = null;
  };
  labels.forEach((label, i) => {
    const { begins, ends, name } = scheme.parts(label);
    if (label === OUTSIDE || begins || open?.label !== name) {
      close(i - 1, false);
      if (label !== OUTSIDE && (begins || !strict || label === name)) open = { label: name, first: i };
    }
    if (ends) close(i, true);
  });
  close(labels.length - 1, false);
  return found;
}

/** Entities of a text, or of several: right ones, those there are, and those found. */
export interface EntityCounts {
  readonly right: number;
  readonly support: number;
  readonly predicted: number;
}

/** Entities of each label in one text, counted. */
function countText(
  right: readonly string[],
  predicted: readonly string[],
  counting: Counting,
): Map<string, EntityCounts> {
  const counts = new Map<string, { right: number; support: number; predicted: number }>();
  const of = (label: string) => {
    const known = counts.get(label) ?? { right: 0, support: 0, predicted: 0 };
    counts.set(label, known);
    return known;
  };
  const wanted = new Set(entitiesOf(right, counting).map(({ label, key }) => (of(label).support++, key)));
  for (const { label, key } of entitiesOf(predicted, counting)) {
    of(label).predicted++;
    if (wanted.has(key)) of(label).right++;
  }
  return counts;
}

/** The sum of some counts. */
function sumOf(counts: readonly EntityCounts[]): EntityCounts {
  const sum = (of: (one: EntityCounts) => number) => counts.reduce((total, one) => total + of(one), 0);
  return { right: sum((one) => one.right), support: sum((one) => one.support), predicted: sum((one) => one.predicted) };
}

/** Entities of all labels in each text, counted. */
export function entityCounts(
  right: readonly (readonly string[])[],
  predicted: readonly (readonly string[])[],
  counting: Counting,
): EntityCounts[] {
  return right.map((labels, i) => sumOf([...countText(labels, predicted[i]!, counting).values()]));
}

/**
 * Scores of labels that were predicted for words against the right ones, text by text.
 * @param counting with `strict`, "I-" after another label begins no entity, and one without its end, where labels have such, is none
 */
export function entityMetrics(
  right: readonly (readonly string[])[],
  predicted: readonly (readonly string[])[],
  counting: Counting,
): EntityMetrics {
  const byLabel = new Map<string, EntityCounts>();
  right.forEach((labels, i) => {
    for (const [label, counts] of countText(labels, predicted[i]!, counting))
      byLabel.set(label, sumOf([counts, ...(byLabel.has(label) ? [byLabel.get(label)!] : [])]));
  });
  const labels = [...byLabel.keys()].sort();
  const columns = (counts: readonly EntityCounts[]) => ({
    right: counts.map((one) => one.right),
    support: counts.map((one) => one.support),
    predicted: counts.map((one) => one.predicted),
  });
  const each = labels.map((label) => byLabel.get(label)!);
  const { precision, recall, f1 } = classScores(columns([sumOf(each)]))[0]!;
  const perEntity = classScores(columns(each)).map((scores, i) => ({ label: labels[i]!, ...scores }));
  return { precision, recall, f1, macroF1: meanF1(columns(each)), perEntity };
}
