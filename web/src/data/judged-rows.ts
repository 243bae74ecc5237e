import { plain } from "./rows.js";
import { fitIn, type JudgedTable } from "./judged-table.js";

/** A question, a text, and how well the text fits, from 0 to 1. */
export interface JudgedRow {
  readonly question: string;
  readonly text: string;
  readonly label: number;
}

/** What a table says of its texts. */
export interface JudgedRows {
  /** Each question with a text once. Questions that differ only in case and spaces are written alike. */
  readonly rows: readonly JudgedRow[];
  /** Questions that have an order to learn: at least one text that fits, and one that does not. */
  readonly ordered: readonly string[];
  /** A text fits with more than this. */
  readonly middle: number;
  /** Rows with an empty field, or without a number, or yes or no. */
  readonly incomplete: number;
  /** Rows whose question and text an earlier row has. */
  readonly repeated: number;
}

/** The rows of a table. Numbers below 0 or above 1 are mapped to 0 for the least and 1 for the greatest. */
export function judgedRows({ records, question, text, value }: JudgedTable): JudgedRows {
  const forms = new Map<string, string>();
  const seen = new Map<string, Set<string>>();
  const read: JudgedRow[] = [];
  let [incomplete, repeated] = [0, 0];
  for (const record of records) {
    const [asked, own] = [record[question]!.trim(), record[text]!.trim()];
    const label = value === null ? null : fitIn(record[value]!);
    if (asked === "" || own === "" || label === null) {
      incomplete++;
      continue;
    }
    const key = plain(asked);
    const form = forms.get(key) ?? asked;
    const texts = seen.get(key) ?? new Set();
    if (texts.has(own)) repeated++;
    else read.push({ question: form, text: own, label });
    forms.set(key, form);
    seen.set(key, texts.add(own));
  }
  const rows = scaled(read);
  const [least, most] = rangeOf(rows);
  const middle = (least + most) / 2;
  return { rows, ordered: orderedIn(rows, middle), middle, incomplete, repeated };
}

const rangeOf = (rows: readonly JudgedRow[]): [least: number, most: number] => [
  rows.reduce((least, { label }) => Math.min(least, label), Infinity),
  rows.reduce((most, { label }) => Math.max(most, label), -Infinity),
];

function scaled(rows: readonly JudgedRow[]): readonly JudgedRow[] {
  const [least, most] = rangeOf(rows);
  if (least >= 0 && most <= 1) return rows;
  return rows.map((row) => ({ ...row, label: most > least ? (row.label - least) / (most - least) : 0 }));
}

/** The questions with texts on both sides of the middle. */
function orderedIn(rows: readonly JudgedRow[], middle: number): string[] {
  const sides = new Map<string, Set<boolean>>();
  for (const { question, label } of rows) sides.set(question, (sides.get(question) ?? new Set()).add(label > middle));
  return [...sides].flatMap(([question, found]) => (found.size > 1 ? [question] : []));
}

/** The texts of a question, the first ones as in the table. */
export const textsOf = ({ rows }: JudgedRows, question: string, most: number): readonly JudgedRow[] =>
  rows.filter((row) => row.question === question).slice(0, most);
