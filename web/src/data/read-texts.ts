import { decode, encodingOf } from "./decode.js";
import type { Table } from "./table.js";

/** A heading above texts is a single word. */
export const heading = /^[\p{L}_]{1,20}$/u;

/** Whether a file that was read as a table has one text per line: commas in sentences look like a table's separators. */
export const isLines = ({ name, how, records }: Table): boolean =>
  how.format === "delimited" && (how.uneven > records.length / 3 || /\.txt$/i.test(name));

/** A file's lines that are not empty, without a heading. */
export async function readLines(file: File): Promise<string[]> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const lines = decode(bytes, encodingOf(bytes)).split("\n");
  const texts = lines.map((line) => line.trim()).filter((line) => line !== "");
  return heading.test(texts[0] ?? "") ? texts.slice(1) : texts;
}
