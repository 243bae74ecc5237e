import { isLines, readLines } from "./read-texts.js";
import { readTable } from "./read-table.js";
import type { Table } from "./table.js";

/** A table of texts to label: one column is enough, and so is a text per line. Throws `TableProblem`. */
export async function readToLabel(file: File): Promise<Table> {
  const table = await readTable(file, {}, 1);
  // Sentences have commas too, in each of a few lines perhaps one.
  const isList = isLines(table) && (table.columns.length === 1 || table.how.uneven > 0 || table.how.delimiter === ",");
  // A single column has no separator: the one of the user's spreadsheets is right for what is added.
  const how = { ...table.how, ...((isList || table.columns.length === 1) && { delimiter: "" }) };
  if (!isList) return { ...table, how };
  return { ...table, how, columns: ["text"], records: (await readLines(file)).map((text) => [text]) };
}
