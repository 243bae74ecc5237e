import { FormatError } from "../../../errors/errors.js";
import { clip } from "../../../errors/excerpt.js";
import { isJsonObject, parseJson } from "../../json.js";
import type { Column } from "../table/column.js";
import { fieldText, jsonRules } from "./json-value.js";
import type { OtherHalf } from "../table/other-half.js";
import type { Row } from "../table/rows.js";

/**
 * The wanted fields of JSON Lines: an object a line, blank lines left out. Strings are taken as they are, numbers and
 * booleans as JSON writes them.
 * @param text normalised text; @param file name by which messages call it
 * @throws `FormatError` with the line, for what is not an object or lacks a field
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
  if (rows.length === 0) throw new FormatError(`${file}: expected an object a line, but it is empty`, { file });
  return rows;
}

/** The objects of JSON Lines one by one, with their lines and what errors there are made by. Throws `FormatError` for what is none. */
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
