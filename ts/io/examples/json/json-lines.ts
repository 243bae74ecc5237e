import { FormatError } from "../../../errors/errors.js";
import { clip } from "../../../errors/excerpt.js";
import { isJsonObject, parseJson } from "../../json.js";
import type { Column } from "../table/column.js";
import { fieldText, jsonRules } from "./json-value.js";
import type { OtherHalf } from "../table/other-half.js";
import type { Row } from "../table/rows.js";

/**
 * The requested fields of JSON Lines: one object per line; blank lines are skipped. Strings stay unchanged, numbers and booleans become
 * text as in JSON.
 * @param text normalised text; @param file the file's name in messages
 * @throws `FormatError` with the line, for a line that is not an object or lacks a field
 */
export function parseJsonLines(text: string, wanted: readonly Column[], file: string, half: OtherHalf | null): Row[] {
  const rows: Row[] = [];
  let other: string | null = null;
  for (const { line, row, fail } of linesOfJson(text, file)) {
    if (rows.length === 0) other = half?.among(Object.keys(row)) ?? null;
    if (other !== null) half!.see(row[other]);
    const fields = wanted.map((column) => {
      const field = Object.hasOwn(row, column) ? row[column] : undefined;
      return fieldText(field, column, () => Object.keys(row), fail);
    });
    rows.push({ line, fields });
  }
  if (rows.length === 0)
    throw new FormatError(`${file}: expected one JSON object per line, but the file is empty`, { file });
  return rows;
}

/** The objects of JSON Lines, with their lines and a function that makes errors with the place. Throws `FormatError` for invalid lines. */
export function* linesOfJson(text: string, file: string) {
  for (const [index, source] of text.split("\n").entries()) {
    if (source.trim() === "") continue;
    const line = index + 1;
    const fail = (problem: string, cause?: unknown) =>
      new FormatError(`${file}, line ${line}: ${problem}`, { file, line }, { cause });
    const row = parseJson(source, fail, jsonRules);
    if (!isJsonObject(row)) throw fail(`expected a JSON object, got ${clip(source, 60)}`);
    yield { line, row, fail };
  }
}
