import { FormatError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import { isJsonObject, parseJson } from "../json.js";
import type { Column } from "./columns.js";
import type { Row } from "./rows.js";

/** Texts of the world hold emoji that were cut in half; a tokenizer takes them for unknown. */
const rules = { loneSurrogates: true };

/**
 * The wanted fields of JSON Lines: an object a line, blank lines left out. Strings are taken as they are, numbers and
 * booleans as JSON writes them.
 * @param text normalised text; @param file name by which messages call it
 * @throws `FormatError` with the line, for what is not an object or lacks a field
 */
export function parseJsonLines(text: string, wanted: readonly Column[], file: string): Row[] {
  const rows: Row[] = [];
  for (const [index, source] of text.split("\n").entries()) {
    if (source.trim() === "") continue;
    const line = index + 1;
    const fail = (problem: string, cause?: unknown) =>
      new FormatError(`${file}, line ${line}: ${problem}`, { file, line }, { cause });
    const value = parseJson(source, fail, rules);
    if (!isJsonObject(value)) throw fail(`expected a JSON object, got ${clip(source, 60)}`);
    const fields = wanted.map((column) => {
      const field = Object.hasOwn(value, column) ? value[column] : undefined;
      if (typeof field === "string") return field;
      // Beyond 2^53 several numbers in the file are one here, and two labels would be.
      if (typeof field === "number" && Math.abs(field) > Number.MAX_SAFE_INTEGER) {
        throw fail(`${JSON.stringify(column)} holds a number too large to be kept as it is; write it in quotes`);
      }
      if (typeof field === "number" || typeof field === "boolean") return String(field);
      const has = clip(Object.keys(value).join(", ")) || "none";
      throw fail(
        field === undefined
          ? `there is no field ${JSON.stringify(column)}; the object has ${has}`
          : `expected ${JSON.stringify(column)} to be text or a number, got ${excerpt(field)}`,
      );
    });
    rows.push({ line, fields });
  }
  if (rows.length === 0) throw new FormatError(`${file}: expected an object a line, but it is empty`, { file });
  return rows;
}
