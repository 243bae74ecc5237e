import { guessColumns } from "./columns.js";
import { heading, isLines, readLines } from "./read-texts.js";
import { readTable } from "./read-table.js";
import type { Table } from "./table.js";

/** Whether a table of one column took its first text for the column's name, which is a single word. */
const hasTextAsName = ({ columns: [first], how }: Table) =>
  how.format === "delimited" && how.header && !heading.test(first!);

/** A table of texts to label: one column is enough, and so is a text per line. Throws `TableProblem`. */
export async function readToLabel(file: File): Promise<Table> {
  const table = await readTable(file, {}, 1);
  if (table.columns.length === 1) {
    const { records, how } = hasTextAsName(table) ? await readTable(file, { headerRow: 0 }, 1) : table;
    // A single column has no separator: the one of the user's spreadsheets is right for what is added.
    return { ...table, columns: how.header ? table.columns : ["text"], records, how: { ...how, delimiter: "" } };
  }
  // Sentences have commas too, in each of a few lines perhaps one.
  if (!isLines(table) || (table.how.uneven === 0 && table.how.delimiter !== ",")) return table;
  const records = (await readLines(file)).map((text) => [text]);
  return { ...table, columns: ["text"], records, how: { ...table.how, delimiter: "" } };
}

/** Texts of a file: its only column, that of its texts, or its lines. Throws `TableProblem`. */
export async function readTexts(file: File): Promise<string[]> {
  const table = await readToLabel(file);
  const text = table.columns.length === 1 ? 0 : guessColumns(table).text;
  return table.records.map((record) => record[text]!);
}
