import type { Table } from "../table.js";
import { listIn, type Mark, marksIn } from "./marks.js";

/** Rows that are read to see what columns hold, and the share of them that decides. */
const [SAMPLE, MOSTLY] = [100, 0.95];

/** White space in a word becomes one that does not separate words. */
const oneWord = (word: string) => word.trim().replace(/\s+/g, "\u00a0");

/** The words in a field; null if it has no list of words. */
function wordsIn(field: string): string[] | null {
  const list = listIn(field);
  const isWord = (word: unknown) => typeof word === "string" && word.trim() !== "";
  return list !== null && list.length > 0 && list.every(isWord) ? (list as string[]).map(oneWord) : null;
}

/** Whether stretches are in the text, are not blank, and do not overlap. */
const fit = (text: string, spans: readonly Mark[]) =>
  [...spans]
    .sort((a, b) => a.start - b.start)
    .every(
      ({ start, end }, i, all) =>
        start >= 0 && end <= text.length && /\S/.test(text.slice(start, end)) && (i === 0 || all[i - 1]!.end <= start),
    );

/** A field's text: its words with a space between them if it is a list of words. */
export const textIn = (field: string): string => wordsIn(field)?.join(" ") ?? field;

/** The text and label of a row with words and tags, or a text and stretches; the label is empty if they do not fit together. */
export function markedRow(text: string, label: string): { readonly text: string; readonly label: string } {
  const words = wordsIn(text);
  const marks = marksIn(label.trim());
  const shown = textIn(text);
  if (marks === null) return { text: shown, label: "" };
  if (marks.spans !== undefined)
    return { text: shown, label: words === null && fit(text, marks.spans) ? JSON.stringify(marks.spans) : "" };
  return { text: shown, label: words?.length === marks.tags.length ? JSON.stringify(marks.tags) : "" };
}

/** Whether a column has the texts and another their marked words. */
export function areMarked({ records }: Pick<Table, "records">, text: number, label: number): boolean {
  const sample = records.slice(0, SAMPLE);
  const rows = sample.map((record) => markedRow(record[text]!, record[label]!));
  const marked = rows.filter((row) => row.label !== "");
  return marked.length > 0 && marked.length >= MOSTLY * rows.length && marked.some((row) => row.label !== "[]");
}

/** Tags that say where entities begin. */
const ENTITIES = /"[BIESLU]-/;

/**
 * The columns of words and tags, or of texts and stretches; null if there are none. Of several columns of tags, the last one with entities is
 * preferred, otherwise that with the fewest different tags; of several columns of words, that with the most different ones.
 */
export function markedColumns(table: Pick<Table, "columns" | "records">): { text: number; label: number } | null {
  const { columns, records } = table;
  const sample = records.slice(0, SAMPLE);
  const lists = columns.flatMap((_, i) =>
    sample.filter((record) => record[i]!.startsWith("[")).length >= MOSTLY * sample.length ? [i] : [],
  );
  const pairs = lists.flatMap((label) =>
    columns.flatMap((_, text) => (text !== label && areMarked(table, text, label) ? [{ text, label }] : [])),
  );
  const labels = [...new Set(pairs.map(({ label }) => label))];
  const entities = labels.findLast((label) => sample.some((record) => ENTITIES.test(record[label]!)));
  const different = (i: number) => new Set(sample.flatMap((record) => listIn(record[i]!) ?? [])).size;
  const best = entities ?? labels.sort((a, b) => different(a) - different(b))[0];
  return pairs.filter(({ label }) => label === best).sort((a, b) => different(b.text) - different(a.text))[0] ?? null;
}
