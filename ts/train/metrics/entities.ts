import { type ClassScores, classScores, meanF1 } from "./class-scores.js";

/** How well entities of one label are found. */
export interface EntityScores extends ClassScores {
  /** The label, without "B-" and "I-". */
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

/** "B-PER" and "I-PER" taken apart; a name without a place goes on. */
export function partsOfLabel(label: string): { readonly begins: boolean; readonly name: string } {
  const place = /^[BI]-/.exec(label)?.[0];
  return { begins: place === "B-", name: place === undefined ? label : label.slice(place.length) };
}

const OUTSIDE = "O";

/** Entities of a text's words as "label first last". */
function entitiesOf(labels: readonly string[], strict: boolean): { readonly label: string; readonly key: string }[] {
  const found: { label: string; key: string }[] = [];
  let open: { label: string; first: number } | null = null;
  const close = (end: number) => {
    if (open !== null) found.push({ label: open.label, key: `${open.first} ${end} ${open.label}` });
    open = null;
  };
  labels.forEach((label, i) => {
    const { begins, name } = partsOfLabel(label);
    if (label !== OUTSIDE && !begins && open?.label === name) return;
    close(i - 1);
    if (label !== OUTSIDE && (begins || !strict || label === name)) open = { label: name, first: i };
  });
  close(labels.length - 1);
  return found;
}

/**
 * Scores of labels that were predicted for words against the right ones, text by text.
 * @param strict whether "I-" after another label begins no entity
 */
export function entityMetrics(
  right: readonly (readonly string[])[],
  predicted: readonly (readonly string[])[],
  strict: boolean,
): EntityMetrics {
  const counts = new Map<string, { right: number; support: number; predicted: number }>();
  const of = (label: string) => {
    const known = counts.get(label) ?? { right: 0, support: 0, predicted: 0 };
    counts.set(label, known);
    return known;
  };
  right.forEach((labels, i) => {
    const wanted = new Set(entitiesOf(labels, strict).map(({ label, key }) => (of(label).support++, key)));
    for (const { label, key } of entitiesOf(predicted[i]!, strict)) {
      of(label).predicted++;
      if (wanted.has(key)) of(label).right++;
    }
  });
  const labels = [...counts.keys()].sort();
  const columns = (names: readonly string[]) => ({
    right: names.map((label) => of(label).right),
    support: names.map((label) => of(label).support),
    predicted: names.map((label) => of(label).predicted),
  });
  const each = columns(labels);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const all = { right: [sum(each.right)], support: [sum(each.support)], predicted: [sum(each.predicted)] };
  const { precision, recall, f1 } = classScores(all)[0]!;
  const perEntity = classScores(each).map((scores, i) => ({ label: labels[i]!, ...scores }));
  return { precision, recall, f1, macroF1: meanF1(each), perEntity };
}
