import { isLabelled, labelsOf, oneLabel, type Target } from "./target.js";

/** A row of the table that the user sees and edits. */
export interface Row {
  readonly id: number;
  readonly text: string;
  /** The label; several labels with their separator; the number; or what is marked in the text, as JSON. */
  readonly label: string;
  /** The label that the user confirmed after the Studio doubted it; doubts are about other labels only. */
  readonly confirmed?: string;
}

/** Whether the user confirmed the row's label. */
export const isConfirmed = ({ label, confirmed }: Row): boolean => confirmed === label;

/** The rows that can be used for training: those with a text and a label. */
export const usableRows = (rows: readonly Row[], target: Target): Row[] =>
  rows.filter(({ text, label }) => text.trim() !== "" && isLabelled(label, target));

/** A text's normal form for comparison: ignores case, width and spaces, like the library's splits. */
export const plain = (text: string): string => text.normalize("NFKC").toLowerCase().replace(/\s+/g, " ").trim();

const normalForms = new WeakMap<Row, string>();

/** The normal form of a row's text. It is computed once: each correction compares all texts again. */
export function normalForm(row: Row): string {
  let form = normalForms.get(row);
  if (form === undefined) normalForms.set(row, (form = plain(row.text)));
  return form;
}

/** The number of rows of each label, the most frequent first. */
export function countLabels(
  rows: readonly Pick<Row, "label">[],
  target: Target = oneLabel,
): [label: string, count: number][] {
  const counts = new Map<string, number>();
  for (const row of rows)
    for (const label of labelsOf(row.label, target)) counts.set(label, (counts.get(label) ?? 0) + 1);
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
}
