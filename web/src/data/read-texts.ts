import { guessColumns } from "./columns.js";
import { decode, encodingOf } from "./decode.js";
import { TableProblem } from "./problem.js";
import { readTable } from "./read-table.js";

/** A heading above texts is a single word. */
const heading = /^[\p{L}_]{1,20}$/u;

/** Texts of a file: one per line, or a table's text column. Throws `TableProblem` for other files. */
export async function readTexts(file: File): Promise<string[]> {
  try {
    const table = await readTable(file);
    const ragged = table.how.uneven > table.records.length / 3;
    // Commas in sentences look like a table's separators.
    if (table.how.format !== "delimited" || !(ragged || /\.txt$/i.test(file.name))) {
      const { text } = guessColumns(table);
      return table.records.map((record) => record[text]!);
    }
  } catch (error) {
    const isLines =
      error instanceof TableProblem && error.kind === "oneColumn" && !/\.(xlsx|jsonl?|ndjson)$/i.test(file.name);
    if (!isLines) throw error;
  }
  const bytes = new Uint8Array(await file.arrayBuffer());
  const lines = decode(bytes, encodingOf(bytes)).split("\n");
  const texts = lines.map((line) => line.trim()).filter((line) => line !== "");
  return heading.test(texts[0] ?? "") ? texts.slice(1) : texts;
}
