import { type ClassScores, classScores, meanF1 } from "./class-scores.js";
import type { TagScheme } from "./tag-scheme.js";

/** Scores of entities with one label. */
export interface EntityScores extends ClassScores {
  /** The label, without its prefix. */
  readonly label: string;
}

/** Scores of entities, as in seqeval: an entity is right if its first and last word and its label are. */
export interface EntityMetrics {
  /** Share of predicted entities that are right; 0 without any. */
  readonly precision: number;
  /** Share of true entities that are predicted; 0 without any. */
  readonly recall: number;
  /** Harmonic mean of precision and recall: seqeval's `f1_score`. */
  readonly f1: number;
  /** Unweighted mean F1 of the labels; NaN without any. */
  readonly macroF1: number;
  /** Scores of each label that occurs in true or predicted entities, sorted. */
  readonly perEntity: readonly EntityScores[];
}

const OUTSIDE = "O";

/** Options for counting entities. */
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

/** Entities of one or several texts: right ones, true ones, and predicted ones. */
export interface EntityCounts {
  readonly right: number;
  readonly support: number;
  readonly predicted: number;
}

/** Counts of each label's entities in one text. */
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

/** Sum of counts. */
function sumOf(counts: readonly EntityCounts[]): EntityCounts {
  const sum = (of: (one: EntityCounts) => number) => counts.reduce((total, one) => total + of(one), 0);
  return { right: sum((one) => one.right), support: sum((one) => one.support), predicted: sum((one) => one.predicted) };
}

/** Counts of all entities of each text. */
export function entityCounts(
  right: readonly (readonly string[])[],
  predicted: readonly (readonly string[])[],
  counting: Counting,
): EntityCounts[] {
  return right.map((labels, i) => sumOf([...countText(labels, predicted[i]!, counting).values()]));
}

/**
 * Scores of predicted labels of words, text by text.
 * @param counting with `strict`, "I-" after another label begins no entity, and one without its end, if labels mark ends, is none
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
