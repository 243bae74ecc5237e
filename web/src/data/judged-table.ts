import type { EncoderId } from "../engine/encoders.js";
import { answered, asked, named } from "./question-columns.js";
import type { Table } from "./table.js";
import { numberIn } from "./target.js";

/** Questions, texts, and how well each text fits its question: a table and the columns of the three. */
export interface JudgedTable {
  readonly name: string;
  readonly columns: readonly string[];
  readonly records: readonly (readonly string[])[];
  readonly question: number;
  readonly text: number;
  /** Null if no column says how well the texts fit. */
  readonly value: number | null;
  /** The model that reads the texts; missing before one was chosen. */
  readonly encoder?: EncoderId;
}

const JUDGED = /^(label|score|relevan(t|ce|z)|grade|rating|fit|passt|note|bewertung|punkte)s?$/i;
const TEXTS = /^(text|sentence|passage|title|description|hypothesis)s?$/i;

/** Share of the fields that decide what a column holds, of one whose name says it, and the rows that are read for it. */
const [MOSTLY, NAMED, SAMPLE] = [0.95, 0.5, 200];

const [FITS, FITS_NOT] = [/^(true|yes|relevant|ja|wahr)$/i, /^(false|no|irrelevant|nein|falsch)$/i];

/** How well a text fits, as a field says it: a number, or yes and no in words as 1 and 0; null for anything else. */
export function fitIn(field: string): number | null {
  const said = field.trim();
  return FITS.test(said) ? 1 : FITS_NOT.test(said) ? 0 : numberIn(said);
}

/** Recognises the three columns by their names and fields. */
export function judgedTable({ name, columns, records }: Pick<Table, "name" | "columns" | "records">): JudgedTable {
  const sample = records.slice(0, SAMPLE);
  const filled = columns.map((_, i) => sample.map((record) => record[i]!.trim()).filter((field) => field !== ""));
  const isNamed = (i: number) => JUDGED.test(columns[i]!.trim());
  const isFit = (i: number) => {
    const own = filled[i]!;
    const least = (isNamed(i) ? NAMED : MOSTLY) * own.length;
    return own.length > 0 && own.filter((field) => fitIn(field) !== null).length >= least;
  };
  const places = columns.map((_, i) => i);
  const fits = places.filter(isFit);
  const others = places.filter((i) => !fits.includes(i));
  const length = (i: number) => filled[i]!.reduce((sum, field) => sum + field.length, 0);
  const longest = [...others, ...fits].reduce((best, i) => (length(i) > length(best) ? i : best), others[0] ?? 0);
  const text = [named(columns, answered), named(columns, TEXTS), longest].find((i) => i >= 0)!;
  const rest = [named(columns, asked, text), ...others, ...fits];
  const question = rest.find((i) => i >= 0 && i !== text) ?? text;
  const left = fits.filter((i) => i !== text && i !== question);
  const value = left.find(isNamed) ?? left.at(-1) ?? null;
  return { name, columns, records, question, text, value };
}

/** Selects other columns. A column that was another one is exchanged with it. */
export function withColumn(
  table: JudgedTable,
  which: "question" | "text" | "value",
  column: number | null,
): JudgedTable {
  const before = table[which];
  const other = (["question", "text", "value"] as const).find((name) => name !== which && table[name] === column);
  if (column === null || other === undefined) return { ...table, [which]: column };
  const free = table.columns.findIndex((_, i) => ![table.question, table.text, table.value].includes(i));
  const given = before ?? (other === "value" ? null : free);
  return given === -1 ? table : { ...table, [which]: column, [other]: given };
}
