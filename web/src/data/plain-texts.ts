import { decode, encodingOf } from "./decode.js";
import { answered, named } from "./question-columns.js";
import { isLines } from "./read-texts.js";
import type { Table } from "./table.js";

/** Texts between blank lines; the lines of a file without any. */
function paragraphs(text: string): string[] {
  const parts = text.trim().split(/\n\s*\n/);
  return parts.length > 1 ? parts : text.split("\n");
}

/** The column of texts in a table without answers; -1 if there is none. */
function textColumn({ columns, how }: Table): number {
  if (columns.length === 1) return 0;
  // Each line of JSON names its fields.
  return how.format === "jsonl" ? columns.findIndex((name) => /^texts?$/i.test(name.trim())) : -1;
}

const isFilled = (text: string) => text.trim() !== "";

/** Share of the lines that may not have the columns of a table. */
const ODD = 0.05;

/** Whether lines are a table's rows, apart from a few. Commas in sentences look like its separators; tabs between two texts do not. */
function hasPairs({ columns, records, how }: Table): boolean {
  if (columns.length < 2 || how.delimiter === ",") return false;
  const alone = records.filter((record) => record.filter(isFilled).length < 2).length;
  return (how.delimiter === "\t" ? alone : how.uneven) <= ODD * records.length;
}

/**
 * The plain texts of a file, for a language model that learns to continue such texts: a table with one column of texts, JSON Lines with a
 * `text`, or a file of paragraphs. Null for a table of questions and answers.
 */
export async function plainTexts(file: File, table: Table): Promise<string[] | null> {
  const { columns, records } = table;
  if (columns.length > 1 && named(columns, answered) >= 0) return null;
  const column = textColumn(table);
  if (isLines(table) && !hasPairs(table)) {
    const bytes = new Uint8Array(await file.arrayBuffer());
    return paragraphs(decode(bytes, encodingOf(bytes))).filter(isFilled);
  }
  return column < 0 ? null : records.map((record) => record[column]!).filter(isFilled);
}
