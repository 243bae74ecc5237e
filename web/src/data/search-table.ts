import type { EncoderId } from "../engine/encoders.js";
import { guessColumns } from "./columns.js";
import { answered, asked, named } from "./question-columns.js";
import { readTable } from "./read-table.js";
import { heading, isLines, readLines } from "./read-texts.js";
import type { Table } from "./table.js";

/** What is searched: a table, the column of its texts, and that of the questions which they answer; null for a list of texts. */
export interface SearchTable {
  readonly name: string;
  readonly columns: readonly string[];
  readonly records: readonly (readonly string[])[];
  readonly text: number;
  readonly question: number | null;
  /** The model that reads the texts; missing before one was chosen. */
  readonly encoder?: EncoderId;
}

/** Fewest words, on average, in a column of texts. */
const WORDS = 2;
const SAMPLE = 200;

/** Reads a table, or a list of texts, one per line. Throws `TableProblem` for other files. */
export async function readSearchTable(file: File): Promise<SearchTable> {
  const table = await readTable(file, {}, 1);
  if (!isLines(table) && !isProse(table)) return withColumns(table);
  const records = (await readLines(file)).map((line) => [line]);
  return { name: table.name, columns: ["1"], records, text: 0, question: null };
}

/** Whether all commas are followed by a space, as in sentences, and there are no names of columns. */
const isProse = ({ how, records }: Table): boolean =>
  how.format === "delimited" &&
  how.delimiter === "," &&
  !how.header &&
  records.every((record) => record.slice(1).every((field) => field === "" || field.startsWith(" ")));

function withColumns({ name, columns, records, how }: Table): SearchTable {
  if (columns.length === 1) {
    // The first text of a list looks like the name of its column.
    const isText = how.format !== "jsonl" && how.header && !heading.test(columns[0]!);
    return { name, columns, records: isText ? [[...columns], ...records] : records, text: 0, question: null };
  }
  const answer = named(columns, answered);
  const question = named(columns, asked, answer);
  if (answer >= 0 && question >= 0) return { name, columns, records, text: answer, question };
  const hasWords = (column: number) => {
    const sample = records.slice(0, SAMPLE).map((record) => record[column]!.match(/[\p{L}\p{N}]+/gu)?.length ?? 0);
    return sample.reduce((sum, count) => sum + count, 0) >= WORDS * sample.length;
  };
  if (columns.length === 2 && hasWords(0) && hasWords(1)) return { name, columns, records, text: 1, question: 0 };
  return { name, columns, records, text: guessColumns({ columns, records }).text, question: null };
}
