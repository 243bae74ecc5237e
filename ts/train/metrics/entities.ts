import { bootstrapInterval } from "./bootstrap.js";
import { type ClassScores, classScores, meanF1 } from "./class-scores.js";
import type { Difference } from "./paired-difference.js";

/** The parts of a label. */
interface LabelParts {
  /** Whether it always begins an entity. */
  readonly begins: boolean;
  /** Whether it always ends an entity. */
  readonly ends: boolean;
  /** The label without its prefix; a label without one is its own name and continues an entity. */
  readonly name: string;
}

const FIRST = /^[BSU]-/;
const LAST = /^[ESLU]-/;

/**
 * Prefixes of entity labels: "B-" begins an entity and "I-" continues it. If some name of those also has another prefix, "E-" and "L-" end
 * an entity and "S-" and "U-" are single words (IOBES and BILOU). Otherwise "E-" and the like are part of a label's name.
 */
export class TagScheme {
  /** Whether labels mark where entities end. */
  readonly marksEnds: boolean;

  constructor(labels: Iterable<string>) {
    const known = new Set(labels);
    const goesOn = (label: string) => ["B-", "I-"].some((place) => known.has(place + label.slice(2)));
    this.marksEnds = [...known].some((label) => LAST.test(label) && goesOn(label));
  }

  parts(label: string): LabelParts {
    const place = (this.marksEnds ? /^[BIESLU]-/ : /^[BI]-/).test(label);
    return {
      begins: place && FIRST.test(label),
      ends: place && LAST.test(label),
      name: place ? label.slice(2) : label,
    };
  }
}

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

/**
 * Difference of the entity F1 of two classifiers on the same texts, with a 95 % interval: percentiles of a paired bootstrap, which draws
 * texts with both predictions, since words and entities of a text are not independent.
 */
export async function entityDifference(
  first: readonly EntityCounts[],
  second: readonly EntityCounts[],
  signal: AbortSignal | undefined,
): Promise<Difference> {
  // Texts with the same counts are of the same kind.
  const kinds = new Map<string, { readonly at: number; count: number }>();
  first.forEach(({ right, support, predicted }, at) => {
    const key = [right, support, predicted, second[at]!.right, second[at]!.predicted].join(" ");
    const kind = kinds.get(key);
    if (kind === undefined) kinds.set(key, { at, count: 1 });
    else kind.count++;
  });
  const all = [...kinds.values()];
  const counts = all.map(({ count }) => count);
  const above = (drawn: ArrayLike<number>) =>
    f1Of(all.map(({ at }) => first[at]!), drawn) - f1Of(all.map(({ at }) => second[at]!), drawn); // prettier-ignore
  return { difference: above(counts), interval: await bootstrapInterval(counts, above, signal) };
}

/** F1 of texts with given counts; 0 without any entity. */
function f1Of(texts: readonly EntityCounts[], times: ArrayLike<number>): number {
  let [right, both] = [0, 0];
  texts.forEach((text, i) => {
    right += times[i]! * text.right;
    both += times[i]! * (text.support + text.predicted);
  });
  return both === 0 ? 0 : (2 * right) / both;
}
