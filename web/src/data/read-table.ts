import { decode, encodingOf } from "./decode.js";
import { readDelimited } from "./delimited.js";
import { readJsonLines } from "./json-lines.js";
import { TableProblem } from "./problem.js";
import { type Correction, LARGEST_FILE, type Table } from "./table.js";
import { isConll, readConll } from "./words/conll.js";
import { wordRows } from "./words/word-rows.js";

const begins = (bytes: Uint8Array, ...begin: number[]) => begin.every((byte, i) => bytes[i] === byte);

/** How archives, PDF, PNG, JPEG and GIF begin. */
const others = [
  [0x1f, 0x8b],
  [0x25, 0x50, 0x44, 0x46],
  [0x89, 0x50, 0x4e, 0x47],
  [0xff, 0xd8, 0xff],
  [0x47, 0x49, 0x46, 0x38],
];
/** How documents begin; many programs save a page with a table as .xls. */
const documents = /^\s*(<\?xml|<!doctype|<html|<table|<meta|\{\\rtf)/i;

/** Most columns. Each is an option in two lists. */
const MOST_COLUMNS = 2000;

/** Reads a table in any supported format. Throws `TableProblem` for other files, and for fewer columns than `fewest`. */
export async function readTable(file: File, correction: Correction = {}, fewest = 2): Promise<Table> {
  const table = await read(file, correction, fewest);
  if (table.columns.length > MOST_COLUMNS) throw new TableProblem("tooLarge", file.name);
  return table;
}

async function read(file: File, correction: Correction, fewest: number): Promise<Table> {
  if (file.size > LARGEST_FILE) throw new TableProblem("tooLarge", file.name);
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (bytes.length === 0) throw new TableProblem("empty");
  const { name } = file;
  if (begins(bytes, 0xd0, 0xcf, 0x11, 0xe0)) throw new TableProblem("oldWorkbook");
  if (begins(bytes, 0x50, 0x4b, 0x03, 0x04)) {
    const { readWorkbook } = await import("./workbook/read-workbook.js");
    const { how, ...rows } = await readWorkbook(bytes, correction, fewest);
    return { name, ...wordRows(rows), how: { format: "workbook", encoding: "utf-8", delimiter: "", ...how } };
  }
  if (others.some((begin) => begins(bytes, ...begin))) throw new TableProblem("binary");
  const encoding = correction.encoding ?? encodingOf(bytes);
  const text = decode(bytes, encoding);
  if (text.trim() === "") throw new TableProblem("empty");
  if (text.includes("\0") || documents.test(text)) throw new TableProblem("binary");
  if (/\.(jsonl|ndjson|json)$/i.test(name) || /^\s*\{"/.test(text)) {
    const how = { format: "jsonl", encoding, delimiter: "", header: true, uneven: 0 } as const;
    return { name, ...readJsonLines(text, fewest), how };
  }
  if (isConll(name, text)) {
    const { uneven, ...rows } = readConll(text);
    if (rows.records.length === 0) throw new TableProblem("empty");
    return { name, ...rows, how: { format: "conll", encoding, delimiter: "", header: false, uneven } };
  }
  const { how, ...rows } = readDelimited(text, correction, fewest);
  if (rows.records.length === 0) throw new TableProblem("empty");
  return { name, ...wordRows(rows), how: { format: "delimited", encoding, ...how } };
}
