import { FormatError } from "../../../errors/errors.js";
import { excerpt } from "../../../errors/excerpt.js";
import { isJsonObject, type Json, parseJson } from "../../json.js";
import { linesOfJson } from "./json-lines.js";
import { jsonRules } from "./json-value.js";
import { normaliseText } from "../table/rows.js";
import { decodeText } from "../text-encoding.js";

/** An object of a file, and its line; in JSON its number from 1. */
export interface WholeRow {
  readonly line: number;
  readonly row: Readonly<Record<string, unknown>>;
}

/**
 * Objects of JSON Lines, or of a JSON file: a list of objects, or an object with one such list. Throws `FormatError` with the line for
 * anything else.
 */
export function readJsonRows(bytes: Uint8Array, format: "jsonl" | "json", file: string): WholeRow[] {
  const text = normaliseText(decodeText(bytes, file));
  const rows =
    format === "jsonl" ? Array.from(linesOfJson(text, file), ({ line, row }) => ({ line, row })) : fromList(text, file);
  if (rows.length === 0) throw new FormatError(`${file}: expected JSON objects, but the file is empty`, { file });
  return rows;
}

function fromList(text: string, file: string): WholeRow[] {
  const fail = (problem: string, cause?: unknown) => new FormatError(`${file}: ${problem}`, { file }, { cause });
  const value = parseJson(text, fail, jsonRules);
  const lists = isJsonObject(value) ? Object.values(value).filter((field) => Array.isArray(field)) : [value];
  const [list] = lists;
  if (lists.length !== 1 || !Array.isArray(list))
    throw fail(`expected a list of objects, or an object with one such list, got ${excerpt(value, 60)}`);
  return (list as readonly Json[]).map((row, i) => {
    if (isJsonObject(row)) return { line: i + 1, row };
    throw new FormatError(`${file}, item ${i + 1}: expected a JSON object, got ${excerpt(row, 60)}`, {
      file,
      line: i + 1,
    });
  });
}
