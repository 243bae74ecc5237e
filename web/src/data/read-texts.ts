import { guessColumns } from "./columns.js";
import { decode, encodingOf } from "./decode.js";
import { TableProblem } from "./problem.js";
import { readTable } from "./read-table.js";

/** A heading over texts: one word. */
const heading = /^[\p{L}_]{1,20}$/u;

/** Texts of a file: a line each, or a table's column of them. Throws `TableProblem` for what is neither. */
export async function readTexts(file: File): Promise<string[]> {
  try {
    const table = await readTable(file);
    const ragged = table.how.uneven > table.records.length / 3;
    // Commas in sentences part them as they would a table.
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
